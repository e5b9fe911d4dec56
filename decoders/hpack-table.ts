// Which header field does this index mean? (RFC 7541 §2.3, Appendix A)
//
// The static table is fixed; the dynamic one holds what the encoder added, newest first. A decoder that joined late, or lost
// bytes, does not know the older entries: what it did see being added stands in the right place all the same, for places are
// counted from the newest. All other places are unknown, never wrong.

/** Name and value by turns; index 1 comes first. */
// biome-ignore format: as the appendix has it, a few fields a line
const STATIC = [
  ":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http", ":scheme", "https",
  ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400", ":status", "404", ":status", "500",
  "accept-charset", "", "accept-encoding", "gzip, deflate", "accept-language", "", "accept-ranges", "", "accept", "",
  "access-control-allow-origin", "", "age", "", "allow", "", "authorization", "", "cache-control", "", "content-disposition", "",
  "content-encoding", "", "content-language", "", "content-length", "", "content-location", "", "content-range", "",
  "content-type", "", "cookie", "", "date", "", "etag", "", "expect", "", "expires", "", "from", "", "host", "", "if-match", "",
  "if-modified-since", "", "if-none-match", "", "if-range", "", "if-unmodified-since", "", "last-modified", "", "link", "",
  "location", "", "max-forwards", "", "proxy-authenticate", "", "proxy-authorization", "", "range", "", "referer", "",
  "refresh", "", "retry-after", "", "server", "", "set-cookie", "", "strict-transport-security", "", "transfer-encoding", "",
  "user-agent", "", "vary", "", "via", "", "www-authenticate", "",
];
export const STATIC_SIZE = STATIC.length / 2;

/** A field as far as it is known and wanted. */
export interface Entry {
  /** Null: not known. */
  readonly name: string | null;
  /** Octets of the whole name; 0 when it is not known. */
  readonly nameLength: number;
  /** Null: not known, or not wanted. */
  readonly value: string | null;
}

export const UNKNOWN: Entry = { name: null, nameLength: 0, value: null };

const STATIC_ENTRIES: readonly Entry[] = Array.from({ length: STATIC_SIZE }, (_, i) => {
  const name = STATIC[2 * i]!;
  return { name, nameLength: name.length, value: STATIC[2 * i + 1]! };
});

/** What RFC 7541 §4.1 adds to the octets of each entry. */
const OVERHEAD = 32;
/** The size before anything is said (RFC 9113 §6.5.2). */
const DEFAULT_SIZE = 4096;
/**
 * No table is kept larger, whatever the two ends agreed upon. Entries that this drops too early become unknown. It is the largest
 * size in wide use (browsers); most encoders stay at 4,096.
 */
export const MAX_TABLE_SIZE = 64 * 1024;

interface Kept extends Entry {
  readonly size: number;
}

export class HeaderTable {
  /** A ring, oldest first: entries [first, first + count) modulo its length. */
  private ring: (Kept | undefined)[] = [];
  private first = 0;
  private count = 0;
  /** Octets of all entries, as RFC 7541 §4.1 counts them. */
  private size = 0;
  private limit = DEFAULT_SIZE;

  get length(): number {
    return this.count;
  }

  /** Index 1 to 61 is static, 62 the newest dynamic entry. Index 0 and what is not there are unknown. */
  // hot: per header field.
  get(index: number): Entry {
    if (index <= STATIC_SIZE) return STATIC_ENTRIES[index - 1] ?? UNKNOWN;
    const age = index - STATIC_SIZE;
    if (age > this.count) return UNKNOWN;
    return this.ring[(this.first + this.count - age) % this.ring.length]!;
  }

  /** `valueLength`: octets of the whole value, kept or not. */
  add(name: string | null, nameLength: number, value: string | null, valueLength: number): void {
    const size = nameLength + valueLength + OVERHEAD;
    while (this.count > 0 && this.size + size > this.limit) this.evict();
    if (this.count === this.ring.length) this.grow();
    // Larger than the table: it empties the table and is not added (RFC 7541 §4.4). Where the encoder's table is larger than
    // this one it is added, and the places behind count on it. Nobody refers to it in the first case, so it always takes a place.
    const fits = size <= this.limit;
    const entry = fits ? { name, nameLength, value, size } : { ...UNKNOWN, size: this.limit };
    this.ring[(this.first + this.count) % this.ring.length] = entry;
    this.count++;
    this.size += entry.size;
  }

  /** The encoder says how large its table is from now on. */
  resize(size: number): void {
    this.limit = Math.min(size, MAX_TABLE_SIZE);
    while (this.size > this.limit) this.evict();
  }

  /** Entries may have been added unseen, or the size changed: nothing that was known stands where it stood. */
  forget(): void {
    this.ring = [];
    this.first = 0;
    this.count = 0;
    this.size = 0;
    this.limit = MAX_TABLE_SIZE;
  }

  private evict(): void {
    this.size -= this.ring[this.first]!.size;
    this.ring[this.first] = undefined;
    this.first = (this.first + 1) % this.ring.length;
    this.count--;
  }

  private grow(): void {
    const ring = new Array<Kept | undefined>(Math.max(8, this.count * 2));
    for (let i = 0; i < this.count; i++) ring[i] = this.ring[(this.first + i) % this.ring.length];
    this.ring = ring;
    this.first = 0;
  }
}
