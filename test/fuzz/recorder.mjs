// What did a session report? A sink that writes it down in short lines, and holds the session to the contract of ExchangeSink.

import { expect } from "./judge.mjs";

/** Lines of one input; beyond it only their number counts. */
const MAX_LINES = 20_000;

export class Recorder {
  constructor(protocol) {
    this.protocol = protocol;
    this.lines = [];
    this.count = 0;
    this.exchanges = 0;
    this.all = [];
    this.intacts = [0, 0];
    /** Somewhere the session lost its place, or was told what nobody asked for. */
    this.isLost = false;
  }

  say(line) {
    if (++this.count <= MAX_LINES) this.lines.push(line);
  }

  /** What was asked and answered when, without the words. */
  get shape() {
    return this.all
      .map((x) => {
        const { request, response } = x;
        const asked = request === null ? "-" : `${request.frame}${x.requestComplete ? "." : ""} ${request.method}`;
        const answer = response === null ? "-" : `${response.frame} ${response.status} ${response.error?.code}`;
        return `${x.requester} ${asked} ${answer} ${x.responseComplete} ${x.doubt} ${x.inTransaction}`;
      })
      .join("\n");
  }

  /** Everything, as one text. */
  get text() {
    return `${this.lines.join("\n")}\n${this.count} ${this.intacts}`;
  }

  made(requester) {
    const exchange = {
      flow: 0,
      protocol: this.protocol,
      requester,
      number: this.exchanges++,
      request: null,
      requestEnd: 0,
      requestComplete: false,
      response: null,
      responseComplete: false,
      interim: 0,
      responseBytes: 0,
      inTransaction: null,
      doubt: null,
      outcome: "pending",
      waited: 0,
      gaveUp: null,
      gaveUpFrame: 0,
      onBehalfOf: null,
      isCancelled: false,
      isLate: false,
    };
    if (this.all.length < MAX_LINES) this.all.push(exchange);
    return exchange;
  }

  request(side, head) {
    const exchange = this.made(side);
    exchange.request = head;
    const { frame, time, method, target, host, id } = head;
    expect(method.length + target.length < 10_000, "a head that is not bounded");
    this.say(`request ${side} ${frame} ${time} ${method} ${target} ${host} ${id}`);
    return exchange;
  }

  requestBytes(exchange, time, complete) {
    expect(!exchange.requestComplete, "bytes behind the end of a request");
    exchange.requestEnd = time;
    exchange.requestComplete = complete;
    if (complete) this.say(`asked ${exchange.number} ${time}`);
  }

  response(exchange, side, head) {
    expect(!exchange?.response, "two final responses");
    if (exchange === null) this.isLost = true;
    const answered = exchange ?? this.made(side ^ 1);
    answered.response = head;
    const { frame, time, status, error, length } = head;
    this.say(`response ${answered.number} ${frame} ${time} ${status} ${error?.code} ${error?.text} ${length}`);
    return answered;
  }

  responseComplete(exchange) {
    expect(!exchange.responseComplete, "a response complete twice");
    exchange.responseComplete = true;
    this.say(`answered ${exchange.number} ${exchange.responseBytes} ${exchange.inTransaction}`);
  }

  interim(exchange) {
    exchange.interim++;
    this.say(`interim ${exchange.number}`);
  }

  doubt(exchange, why) {
    exchange.doubt ??= why;
    this.isLost = true;
    this.say(`doubt ${exchange.number} ${why}`);
  }

  cancel(exchange, side, frame, time) {
    exchange.isCancelled = true;
    this.say(`cancel ${exchange.number} ${side} ${frame} ${time}`);
  }

  answeredLate(exchange, _side, head) {
    expect(exchange.isCancelled && !exchange.isLate, "late, and not cancelled once");
    exchange.isLate = true;
    this.say(`late ${exchange.number} ${head.status}`);
  }

  remark({ side, frame, kind, code, text }) {
    this.say(`${kind} ${side} ${frame} ${code} ${text}`);
  }

  label(name, value) {
    this.say(`${name} ${value}`);
  }

  intact(side) {
    this.intacts[side]++;
  }

  broken({ side, frame, offset, what }) {
    this.isLost = true;
    this.say(`broken ${side} ${frame} ${offset} ${what}`);
  }

  upgraded(to) {
    this.say(`upgraded ${to}`);
    return null;
  }
}
