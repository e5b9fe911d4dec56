// What does a Redis command ask for: which key, does it wait, is it answered like the others? (redis.io/docs/latest/commands)

/** How a command is answered, and what its answer changes. */
export const Kind = {
  plain: 0,
  /** One confirmation for each channel. */
  subscription: 1,
  multi: 2,
  exec: 3,
  select: 4,
  hello: 5,
  info: 6,
  monitor: 7,
  replication: 8,
  reset: 9,
  /** Of a replica: neither it nor what follows is answered. */
  acknowledgement: 10,
  /** Its answer may be switched off: CLIENT REPLY. */
  client: 11,
  quit: 12,
  auth: 13,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Where the first key stands: the index of a word; 0 for none. */
export interface Command {
  readonly name: string;
  readonly key: number;
  /** A count of keys stands here; when it is 0 there is none. */
  readonly countedAt: number;
  readonly kind: Kind;
  /** The second word is a command of its own: CONFIG GET, CLUSTER SLOTS. */
  readonly container: boolean;
  /** Asking it means to wait. */
  readonly waits: boolean;
  /** XREAD, XREADGROUP: the key stands behind STREAMS, and BLOCK makes it wait. */
  readonly streams: boolean;
  /** Its words may be passwords. */
  readonly secret: boolean;
  /** So many words must be known before it can be told what it asks. */
  readonly needed: number;
  /** It has so many words at most, itself included. */
  readonly maxWords: number;
}

const list = (names: string): string[] => names.trim().split(/\s+/);

const KEY_FIRST = list(`
  APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS BLMOVE BLPOP BRPOP BRPOPLPUSH BZPOPMAX BZPOPMIN COPY DECR DECRBY DEL DUMP EXISTS
  EXPIRE EXPIREAT EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO
  GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL
  HGETDEL HGETEX HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN
  HSET HSETEX HSETNX HSTRLEN HTTL HVALS INCR INCRBY INCRBYFLOAT LCS LINDEX LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LRANGE LREM
  LSET LTRIM MGET MOVE MSET MSETNX PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT PFMERGE PSETEX PTTL RENAME RENAMENX
  RESTORE RESTORE-ASKING RPOP RPOPLPUSH RPUSH RPUSHX SADD SCARD SDIFF SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTER
  SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SORT SORT_RO SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSTR SUNION SUNIONSTORE
  TOUCH TTL TYPE UNLINK VADD VCARD VDIM VEMB VGETATTR VINFO VLINKS VRANDMEMBER VREM VSETATTR VSIM WATCH XACK XACKDEL XADD
  XAUTOCLAIM XCLAIM XDEL XDELEX XLEN XPENDING XRANGE XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZDIFFSTORE ZINCRBY ZINTERSTORE
  ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX
  ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNIONSTORE
`);
/** No key; the word named here says as much: a channel, a database, a pattern, a section. */
const WORD_FIRST = list("PUBLISH SPUBLISH SELECT KEYS INFO REPLICAOF SLAVEOF");
const KEYLESS = list(`
  ASKING AUTH BGREWRITEAOF BGSAVE DBSIZE DISCARD ECHO EXEC FAILOVER FLUSHALL FLUSHDB HELLO LASTSAVE LOLWUT MONITOR MULTI PFSELFTEST
  PING PSYNC QUIT RANDOMKEY READONLY READWRITE REPLCONF RESET ROLE SAVE SCAN SHUTDOWN SWAPDB SYNC TIME UNWATCH WAIT WAITAOF
`);
const SUBSCRIPTIONS = list("SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE");
/** Whose subcommand is followed by a key, or by a word that says as much (CONFIG SET's parameter, never its value). */
const CONTAINERS_WITH_KEY = list("OBJECT MEMORY XINFO XGROUP CONFIG DEBUG PFDEBUG");
/** ACL SETUSER, SCRIPT LOAD, CLIENT SETINFO …: what follows is no key, and may be a secret. */
const CONTAINERS = list("ACL CLIENT CLUSTER COMMAND FUNCTION LATENCY MODULE PUBSUB SCRIPT SLOWLOG SENTINEL");
/** The key's place, and that of the count of keys. */
const COUNTED: readonly (readonly [names: string, countedAt: number])[] = [
  ["EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO BLMPOP BZMPOP", 2],
  ["LMPOP ZMPOP SINTERCARD ZINTERCARD ZDIFF ZINTER ZUNION", 1],
];
const WAITING = list(`
  BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF MONITOR PSYNC SYNC SUBSCRIBE PSUBSCRIBE SSUBSCRIBE
  UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE
`);
/** It is answered only when it fails. */
const SILENT = "SHUTDOWN";
const SECRET = list("AUTH HELLO MIGRATE CONFIG ACL");
const KINDS: Readonly<Record<string, Kind>> = {
  MULTI: Kind.multi,
  EXEC: Kind.exec,
  DISCARD: Kind.exec,
  SELECT: Kind.select,
  HELLO: Kind.hello,
  INFO: Kind.info,
  MONITOR: Kind.monitor,
  PSYNC: Kind.replication,
  SYNC: Kind.replication,
  RESET: Kind.reset,
  REPLCONF: Kind.acknowledgement,
  CLIENT: Kind.client,
  QUIT: Kind.quit,
  AUTH: Kind.auth,
};
/** Names that are everyday words: an array that begins with one and is longer is an answer (a hash with a field `type`). */
const MAX_WORDS: Readonly<Record<string, number>> = {
  GET: 2,
  TYPE: 2,
  TIME: 1,
  KEYS: 2,
  ROLE: 1,
  ECHO: 2,
  DUMP: 2,
  SAVE: 1,
  SYNC: 1,
  PING: 2,
  QUIT: 1,
  RESET: 1,
  SELECT: 2,
  MOVE: 3,
  MONITOR: 1,
  PERSIST: 2,
  TTL: 2,
};
/** HELLO 3 AUTH user password SETNAME name, XREADGROUP GROUP g c COUNT n BLOCK ms NOACK STREAMS key. */
const ALL_WORDS = 12;

const commands = new Map<string, Command>();

function add(name: string, key: number, more: Partial<Command> = {}): void {
  const command: Command = {
    name,
    key,
    countedAt: 0,
    kind: KINDS[name] ?? Kind.plain,
    container: false,
    waits: WAITING.includes(name) || name === SILENT,
    streams: false,
    secret: SECRET.includes(name),
    needed: 1 + key,
    maxWords: MAX_WORDS[name] ?? Number.POSITIVE_INFINITY,
    ...more,
  };
  commands.set(name, command);
  commands.set(name.toLowerCase(), command);
}

for (const name of KEY_FIRST) add(name, 1);
for (const name of WORD_FIRST) add(name, 1);
for (const name of KEYLESS) add(name, 0);
for (const name of SUBSCRIPTIONS) add(name, 1, { kind: Kind.subscription });
for (const name of CONTAINERS_WITH_KEY) add(name, 2, { container: true });
for (const name of CONTAINERS) add(name, 0, { container: true, needed: 2 });
for (const [names, countedAt] of COUNTED) for (const name of list(names)) add(name, countedAt + 1, { countedAt });
add("BITOP", 2);
add("MIGRATE", 3);
add("XREAD", 0, { streams: true, needed: ALL_WORDS });
add("XREADGROUP", 0, { streams: true, needed: ALL_WORDS });
add("HELLO", 0, { needed: ALL_WORDS });
add("AUTH", 0, { needed: 2 });
add("CLIENT", 0, { container: true, needed: 3 });
add("REPLCONF", 0, { needed: 2 });

/** A module's command (JSON.GET, FT.SEARCH): its key comes first. One that nobody knows (renamed): nothing of it is kept but its name. */
const MODULE: Omit<Command, "name"> = {
  key: 1,
  countedAt: 0,
  kind: Kind.plain,
  container: false,
  waits: false,
  streams: false,
  secret: false,
  needed: 2,
  maxWords: Number.POSITIVE_INFINITY,
};
const MODULE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}\.[A-Za-z][A-Za-z0-9_.-]{0,31}$/;
/** Names may be changed in the configuration (rename-command). */
const ANY_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const UNNAMED = "?";

export const knownCommand = (word: string): Command | null =>
  commands.get(word) ?? commands.get(word.toUpperCase()) ?? (MODULE_NAME.test(word) ? commandOf(word) : null);

/** May more letters make a command of this word? */
export function isBeginningOfCommand(word: string): boolean {
  const upper = word.toUpperCase();
  for (const name of commands.keys()) if (name.startsWith(upper)) return true;
  return false;
}

export function commandOf(word: string): Command {
  const known = commands.get(word) ?? commands.get(word.toUpperCase());
  if (known !== undefined) return known;
  const name = ANY_NAME.test(word) ? word.toUpperCase() : UNNAMED;
  return MODULE_NAME.test(word) ? { ...MODULE, name } : { ...MODULE, name, key: 0, needed: 1 };
}

/** A subcommand as it goes into the method: CONFIG GET. */
export const subcommandOf = (word: string): string => (/^[A-Za-z_-]{1,32}$/.test(word) ? ` ${word.toUpperCase()}` : "");

/** Words that a server says to subscribers; the confirmations among them are commands too. */
export const PUSHES = list(
  "message pmessage smessage subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe",
);
