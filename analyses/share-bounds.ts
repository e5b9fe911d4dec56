// Between which bounds lies a share of which only a sample was seen, when the cases come in clumps?
//
// Wilson's score interval (E. B. Wilson, 1927) for a share of k in n: it holds for few cases and for none, where "k / n plus or
// minus" fails. Losses are not independent: one full queue drops ten segments. So a clump counts as one case, and n shrinks by
// as much (the design effect of cluster sampling, Kish 1965): the share stays the same, the interval gets wider.

/** Quantile of the normal distribution: one-sided 99.9 %. Of a thousand paths, one is thought worse than it is. */
const SURE = 3.09;

export interface Bounds {
  share: number;
  least: number;
  most: number;
}

/** `cases` of `n`, in `clumps` (at most as many as cases). */
export function shareBounds(cases: number, n: number, clumps: number, z = SURE): Bounds {
  if (n === 0) return { share: 0, least: 0, most: 1 };
  const share = Math.min(1, cases / n);
  const size = clumps === 0 ? n : (n * Math.min(clumps, cases)) / cases;
  const z2 = (z * z) / size;
  const middle = (share + z2 / 2) / (1 + z2);
  const reach = (Math.sqrt(z2) * Math.sqrt(share * (1 - share) + z2 / 4)) / (1 + z2);
  return { share, least: Math.max(0, middle - reach), most: Math.min(1, middle + reach) };
}
