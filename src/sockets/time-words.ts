// What do the words of a date mean? Months as `date` and PowerShell print them, and the abbreviations of time zones.

/** By their first letters, without accents: English, German, French, Spanish, Italian, Portuguese, Dutch (CLDR's month names). */
const MONTHS: readonly (readonly string[])[] = [
  ["jan", "ene", "gen"],
  ["feb", "fev"],
  ["mar", "mrz", "maa", "mrt"],
  ["apr", "avr", "abr"],
  ["may", "mai", "mag", "mei"],
  ["jun", "juin", "giu"],
  ["jul", "juil", "lug"],
  ["aug", "aou", "ago"],
  ["sep", "set"],
  ["oct", "okt", "ott", "out"],
  ["nov"],
  ["dec", "dez", "dic"],
];
const BY_NAME = new Map(MONTHS.flatMap((names, i) => names.map((name) => [name, i + 1] as const)));
/** "septiembre" has ten letters. */
const MAX_MONTH = 12;

/** 1 to 12; null: no month. */
export function monthOf(word: string): number | null {
  if (word.length < 3 || word.length > MAX_MONTH) return null;
  const plain = word
    .normalize("NFD")
    .replaceAll(/[\u0300-\u036f.]/g, "")
    .toLowerCase();
  if (!/^[a-z]{3,}$/.test(plain)) return null;
  return BY_NAME.get(plain.slice(0, 4)) ?? BY_NAME.get(plain.slice(0, 3)) ?? null;
}

/**
 * Minutes east of Greenwich. Abbreviations that stand for one offset in all zones of the tz database
 * (https://www.iana.org/time-zones) that use them today; CST, CDT, IST and PST, which have several, are not among them.
 */
const ZONES: ReadonlyMap<string, number> = new Map([
  ["Z", 0],
  ["UTC", 0],
  ["UT", 0],
  ["GMT", 0],
  ["WET", 0],
  ["WEST", 60],
  ["BST", 60],
  ["CET", 60],
  ["MET", 60],
  ["CEST", 120],
  ["MEST", 120],
  ["EET", 120],
  ["EEST", 180],
  ["MSK", 180],
  ["SAST", 120],
  ["CAT", 120],
  ["EAT", 180],
  ["WAT", 60],
  ["PKT", 300],
  ["WIB", 420],
  ["WITA", 480],
  ["WIT", 540],
  ["HKT", 480],
  ["AWST", 480],
  ["JST", 540],
  ["KST", 540],
  ["ACST", 570],
  ["ACDT", 630],
  ["AEST", 600],
  ["AEDT", 660],
  ["NZST", 720],
  ["NZDT", 780],
  ["NST", -210],
  ["NDT", -150],
  ["AST", -240],
  ["ADT", -180],
  ["EST", -300],
  ["EDT", -240],
  ["MST", -420],
  ["MDT", -360],
  ["PDT", -420],
  ["AKST", -540],
  ["AKDT", -480],
  ["HST", -600],
  ["SST", -660],
]);
/** No zone is further from Greenwich: the Line Islands, 14 hours. */
const MAX_OFFSET = 14 * 60;

/** Minutes east of Greenwich of a name or an offset; null: unknown, or with several meanings. */
export function zoneMinutes(zone: string): number | null {
  const m = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(zone);
  if (m === null) return ZONES.get(zone) ?? null;
  const minutes = Number(m[2]) * 60 + Number(m[3] ?? 0);
  if (minutes > MAX_OFFSET || Number(m[3] ?? 0) > 59) return null;
  return m[1] === "-" ? -minutes : minutes;
}
