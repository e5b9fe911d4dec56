// Where does a session report that is followed only to know what its bytes mean? Nowhere.

import { newExchange } from "../../core/new-exchange.ts";
import type { Exchange, ExchangeSink, Protocol, RequestHead, ResponseHead, Side } from "../../core/stream-decoder.ts";
import { otherSide } from "../../core/stream-decoder.ts";

/** What was asked and answered is judged elsewhere, by the session beside which the redactor stands. */
export class NullSink implements ExchangeSink {
  /** The flow has become something else: what follows is another redactor's. */
  isUpgraded = false;
  private readonly protocol: Protocol;

  constructor(protocol: Protocol) {
    this.protocol = protocol;
  }

  request(side: Side, head: RequestHead): Exchange {
    return newExchange(0, this.protocol, side, head);
  }

  response(exchange: Exchange | null, side: Side, head: ResponseHead): Exchange {
    const answered = exchange ?? newExchange(0, this.protocol, otherSide(side), null);
    answered.response = head;
    return answered;
  }

  requestBytes(exchange: Exchange, _time: number, complete: boolean): void {
    exchange.requestComplete = complete;
  }

  responseComplete(exchange: Exchange): void {
    exchange.responseComplete = true;
  }

  doubt(exchange: Exchange, why: "gap" | "snap"): void {
    exchange.doubt ??= why;
  }

  upgraded(): null {
    this.isUpgraded = true;
    return null;
  }

  interim(): void {}
  cancel(): void {}
  answeredLate(): void {}
  remark(): void {}
  label(): void {}
  intact(): void {}
  broken(): void {}
}
