// Does an option's text ever end in anything but a value or a UsageError?

import { Failure } from "./judge.mjs";

const WORDS = {
  filter: [
    "host",
    "net",
    "port",
    "not",
    "and",
    "or",
    "(",
    ")",
    "!",
    "&&",
    "||",
    "192.0.2.1",
    "2001:db8::1",
    "[::1]:80",
    "192.0.2.0/24",
    "192.0.2.1:80",
    "::/0",
    "0/0",
    "99999",
    "65535",
    "::ffff:192.0.2.1",
    "/",
    "1.2.3.4.5",
    "-1",
    "HOST",
  ],
  time: [
    "2026-03-01",
    "T",
    "12:00:00",
    ".5",
    ".123456789",
    "Z",
    "+02:00",
    "-23:59",
    "end",
    "+",
    "12.5",
    "s",
    "ms",
    "m",
    "h",
    "1772390045",
    " ",
    "99999999999",
    "0000-00-00",
    "24:00:00",
  ],
  duration: ["30", "s", "500", "ms", "2", "m", "min", "h", ".", "5", "-", " ", "1e9", "99999999999999999999", "0"],
  frames: [
    "port=",
    "7000",
    "7000-7010",
    ",",
    "length=",
    "u32be",
    "u16le",
    "varint",
    "offset=",
    "header=",
    "4",
    "1024",
    "1025",
    "includes=",
    "all",
    "payload",
    "max=",
    "64KiB",
    "16MiB",
    "magic=",
    "4d5a",
    "4d5",
    "id=",
    "4:u32be",
    "type=",
    "0:u8",
    "reply=",
    "yes",
    "no",
    "-1",
    "99999999999999999999",
    "=",
    ":",
  ],
  zone: ["+02:00", "-", "+", "02", ":", "00", "Z", "UTC", "24", "99"],
  states: ["CLOSE_WAIT", "close-wait", ",", "LISTEN", " ", "TIME_WAIT", "x"],
  hosts: [
    "192.0.2.5",
    "=",
    "windows",
    "linux",
    ",",
    "time-wait=",
    "30s",
    "fin-timeout=",
    "ports=",
    "32768-60999",
    "192.0.2.0/8",
    "::1",
    "port-range=",
    "65536",
    "0",
  ],
  network: ["192.0.2.0", "/", "24", "::", "2001:db8", ":", "1", "/129", "%eth0", "ffff", ".", "256"],
};
const ODD = "\u0000\n\t \"'\\é\u202e😀\ud800";

export async function optionTarget(dist) {
  const at = (file) => import(`${dist}/src/core/${file}.js`);
  const [filter, time, frames, zone, states, hosts, network, { UsageError }, { Packet }] = await Promise.all(
    [
      "packet-filter",
      "time-option",
      "frame-option",
      "zone-option",
      "state-option",
      "host-options",
      "network",
      "errors",
      "packet",
    ].map(at),
  );
  const p = new Packet();
  p.buf = new Uint8Array(64);
  const parsers = {
    filter: (t) => filter.parseFilter(t)(p),
    time: (t) => time.parseTime(t, "--from"),
    duration: (t) => time.parseDuration(t, "--every", 1, 1e15),
    frames: (t) => frames.parseFrames([t]),
    zone: (t) => zone.parseZone(t, "--zone"),
    states: (t) => states.parseStates([t], "--state"),
    hosts: (t) => hosts.parseHosts({ hosts: [t], portRange: t, timeWait: t }).of("192.0.2.5"),
    network: (t) => network.readNetwork(t),
  };
  const names = Object.keys(parsers);

  function make(r) {
    const option = r.pick(names);
    const space = option === "filter" ? " " : "";
    let text = "";
    for (let n = 1 + r.small(12); n > 0; n--) text += r.pick(WORDS[option]) + space;
    if (r.oneIn(4)) text = text.slice(0, r.int(text.length)) + r.text(r.small(3), ODD) + text.slice(r.int(text.length));
    return { option, text };
  }

  function run({ option, text }) {
    try {
      parsers[option](text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (error.message.includes("\n")) throw new Failure("wrong", `an error of two lines: ${error.message}`);
    }
  }

  function grow(r, bytes) {
    const { option, text } = make(r);
    const part = r.oneIn(2) ? text : text.slice(0, 1 + r.int(text.length));
    return (n) => ({ option, text: text + part.repeat(Math.ceil((bytes * n) / Math.max(1, part.length))) });
  }

  return { name: "options", make, run, grow };
}
