// What does a record of Get-NetTCPConnection say? Its properties by name, however PowerShell wrote them.
//
// Microsoft Learn, "Get-NetTCPConnection" (module NetTCPIP) and "MSFT_NetTCPConnection class" (root\StandardCimv2): LocalAddress,
// LocalPort, RemoteAddress, RemotePort, State, AppliedSetting, OwningProcess, CreationTime, OffloadState, and the
// properties that every CIM object has. `Select-Object` leaves some out, orders them, and adds computed ones.

import type { SocketState } from "../core/socket-table.ts";
import type { DumpBuilder } from "./dump-builder.ts";
import type { ServicePort } from "./dump-format.ts";
import { readAddress, readPort } from "./endpoint.ts";
import { stateOf } from "./state-words.ts";

/** The properties that are read. */
export type Field =
  | "localAddress"
  | "localPort"
  | "remoteAddress"
  | "remotePort"
  | "state"
  | "pid"
  | "process"
  | "name";

/** By their names in lower case; people rename the computed ones. */
export const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ["localaddress", "localAddress"],
  ["localport", "localPort"],
  ["remoteaddress", "remoteAddress"],
  ["remoteport", "remotePort"],
  ["state", "state"],
  ["owningprocess", "pid"],
  ["owningprocessid", "pid"],
  ["pid", "pid"],
  ["processid", "pid"],
  ["process", "process"],
  ["processname", "process"],
  ["owningprocessname", "process"],
  // A property of every CIM object, and empty here; or a process's name that was put in.
  ["name", "name"],
]);

export type PowershellRecord = Partial<Record<Field, string>>;

/**
 * MSFT_NetTCPConnection, property State: the numbers of MIB_TCP_STATE (tcpmib.h). 100 is "reserved" there, "not defined in the
 * MIB"; Get-NetTCPConnection's -State calls it Bound.
 */
const STATE_NUMBERS: ReadonlyMap<string, SocketState> = new Map<string, SocketState>([
  ["1", "CLOSED"],
  ["2", "LISTEN"],
  ["3", "SYN_SENT"],
  ["4", "SYN_RECEIVED"],
  ["5", "ESTABLISHED"],
  ["6", "FIN_WAIT_1"],
  ["7", "FIN_WAIT_2"],
  ["8", "CLOSE_WAIT"],
  ["9", "CLOSING"],
  ["10", "LAST_ACK"],
  ["11", "TIME_WAIT"],
  // DeleteTCB: closed, and its control block is about to go.
  ["12", "CLOSED"],
  ["100", "BOUND"],
]);

/** Windows PowerShell cuts a value with three dots, PowerShell 7 with one character. */
const CUT = /(?:\.\.\.|…)$/;
const PID = /^\d{1,10}$/;
/** Ports are numbers in PowerShell, whatever netstat would call them. */
const noService: ServicePort = () => null;

/**
 * Is this a record, or a heading, of TCP connections? Get-NetUDPEndpoint has LocalAddress, LocalPort and OwningProcess too: what
 * has neither a state nor a remote end is not ours.
 */
export const isTcp = (has: (field: Field) => boolean): boolean =>
  has("localPort") && (has("remotePort") || has("remoteAddress") || has("state"));

/** Adds the record; "other": not of TCP; null: cannot be read. */
export function addRecord(record: PowershellRecord, into: DumpBuilder): "row" | "other" | null {
  if (!isTcp((field) => record[field] !== undefined)) return "other";
  const state = readState(record.state);
  const local = readSide(record.localAddress, record.localPort);
  const remote = readSide(record.remoteAddress, record.remotePort);
  if (state === null || local === null || remote === null) return null;
  const pidText = record.pid ?? "";
  if (pidText !== "" && !PID.test(pidText)) return null;
  into.socket(state, local.address, local.port, remote.address, remote.port);
  // PID 0 is nobody: the process of a TIME_WAIT is gone. PowerShell's own name for it is "Idle".
  const pid = Number(pidText);
  if (pidText === "") into.owner(null, processOf(record));
  else if (pid > 0) into.owner(pid, processOf(record));
  if (local.isCut || remote.isCut) into.cut();
  return "row";
}

const processOf = (record: PowershellRecord): string | null => record.process || record.name || null;

/** No state among the properties: the dump does not say. */
function readState(text: string | undefined): SocketState | null {
  if (text === undefined || text === "") return "UNKNOWN";
  return STATE_NUMBERS.get(text) ?? stateOf(text);
}

interface Side {
  address: string;
  port: number | null;
  isCut: boolean;
}

function readSide(address: string | undefined, port: string | undefined): Side | null {
  const number = port === undefined || port === "" ? null : readPort(port, noService);
  if (number === undefined || (number === null && port !== undefined && port !== "" && port !== "0")) return null;
  if (address === undefined || address === "") return { address: "", port: number, isCut: false };
  if (CUT.test(address)) return { address: address.replace(CUT, "").toLowerCase(), port: number, isCut: true };
  const read = readAddress(address);
  return read === null ? null : { address: read, port: number, isCut: false };
}
