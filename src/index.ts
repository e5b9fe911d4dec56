// What does the package offer to other programs? The analysis itself, its objects, and the contracts for plug-ins.

export {
  ANALYSES,
  type AnalyzeOptions,
  analyze,
  type CaptureInput,
  DECODERS,
  type ReadOptions,
  readExchanges,
  readFlows,
  readStateCounts,
  readStates,
  type StateCountsOptions,
  type StatesOptions,
} from "./analyze.ts";
export { type Bundle, type BundleFile, type BundleOptions, bundleOf } from "./bundle.ts";
export { type ByteStream, CaptureError, type CaptureSource, sourceFromBytes } from "./capture/source.ts";
export type { Analysis, AnalysisResult, Evidence, FoundFinding, Metrics, Party, Severity } from "./core/analysis.ts";
export type { DumpAnalysis, DumpView } from "./core/dump-view.ts";
export { UsageError } from "./core/errors.ts";
export type {
  CaptureQuality,
  CaptureView,
  EndRow,
  FlowRow,
  Moment,
  ServiceTally,
  StateHistory,
  StateName,
} from "./core/flow-view.ts";
export type { HostOptions } from "./core/host-options.ts";
export type { HostSettings, HostSystem, Hosts, PortRange } from "./core/host-settings.ts";
export type { PacketDecoder } from "./core/packet-decoder.ts";
export type { RecordedBytes, RecordedFlow, RecordedPacket, RecordingRequest } from "./core/recording.ts";
export type { Redaction, ReportRedaction } from "./core/redaction.ts";
export type {
  Report,
  ReportCapture,
  ReportDump,
  ReportExchange,
  ReportFinding,
  ReportFlow,
  ReportSocket,
  ReportStateCounts,
  StateCounts,
} from "./core/report.ts";
export type { SocketDump, SocketRow, SocketState } from "./core/socket-table.ts";
export type { SocketsObject } from "./core/sockets-report.ts";
export type { Exchange, ExchangeSink, StreamDecoder, StreamSession } from "./core/stream-decoder.ts";
export { type EvidenceSlice, type ExtractOptions, extract } from "./extract.ts";
export { type Cited, type Investigation, investigate } from "./investigate.ts";
export { type Drawable, drawableOf } from "./pictures/drawable.ts";
export { type DumpInput, readSockets, type SocketsOptions, type SocketsRead } from "./read-sockets.ts";
