// Which words of an SQL statement must never be kept, and where is a tracer's id in it?

/** `PASSWORD 'x'`, `password = 'x'`, as a role's, a user mapping's or a column's; and within a connection string. */
const PASSWORD =
  /(passw(?:or)?d["`]?\s*(?:=|:=|=>)?\s*)(?:[eE]|[uU]&)?(?:'(?:[^']|'')*(?:'|$)|\$(\w*)\$[\s\S]*?(?:\$\2\$|$))/gi;
const IN_CONNECTION = /(passw(?:or)?d\s*=\s*)[^\s'"&;]+/gi;
/** `IDENTIFIED BY 'x'`, `PASSWORD('x')`. */
const OF_ACCOUNT =
  /(identified\s+(?:with\s+\S+\s+)?(?:by|as|using)\s+(?:password\s+)?|password\s*\(\s*)(?:'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$))/gi;
const MAY_HOLD_ONE = /passw|identified/i;

/** The statement, or an error text that quotes one, with passwords replaced. */
export const withoutPasswords = (text: string): string =>
  MAY_HOLD_ONE.test(text)
    ? text.replace(PASSWORD, "$1'?'").replace(OF_ACCOUNT, "$1'?'").replace(IN_CONNECTION, "$1?")
    : text;
