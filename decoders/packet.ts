// What is in this packet, from its link layer down to TCP?
//
// The loop of the packet decoders: each looks at one header and names the layer behind it, so that tunnels nest without
// recursion. Which decoder belongs to which layer stands here and nowhere else.

import type { Packet } from "../src/core/packet.ts";
import { Layer, unsupported } from "../src/core/packet-decoder.ts";
import { ah } from "./ah.ts";
import { arcnet, arcnetLinux } from "./arcnet.ts";
import { ayiya } from "./ayiya.ts";
import { chdlc } from "./chdlc.ts";
import { erspan } from "./erspan.ts";
import { etherip } from "./etherip.ts";
import { ethernet } from "./ethernet.ts";
import { ethertype } from "./ethertype.ts";
import { FragmentTable } from "./fragments.ts";
import { frameRelay } from "./frame-relay.ts";
import { geneve } from "./geneve.ts";
import { gre } from "./gre.ts";
import { gtp } from "./gtp.ts";
import { ip } from "./ip.ts";
import { ipoib } from "./ipoib.ts";
import { ipv4 } from "./ipv4.ts";
import { ipv6 } from "./ipv6.ts";
import { juniper } from "./juniper.ts";
import { l2tp } from "./l2tp.ts";
import { layerOfLinkType } from "./link-types.ts";
import { llc } from "./llc.ts";
import { mpacket } from "./mpacket.ts";
import { mpls } from "./mpls.ts";
import { nflog } from "./nflog.ts";
import { nsh } from "./nsh.ts";
import { enc, loop, nullLoopback } from "./null.ts";
import { pflog } from "./pflog.ts";
import { pktap } from "./pktap.ts";
import { plainTcp } from "./plain-tcp.ts";
import { ppp } from "./ppp.ts";
import { pppoe } from "./pppoe.ts";
import { fddi, tokenRing } from "./rings.ts";
import { sll } from "./sll.ts";
import { sll2 } from "./sll2.ts";
import { tcp } from "./tcp.ts";
import { teredo } from "./teredo.ts";
import { udp } from "./udp.ts";
import { vxlan } from "./vxlan.ts";
import { ppi, prism, radiotap, wlan } from "./wlan.ts";

/** Layers decoded in one packet: 32 tunnels of an IP header and a tunnel's own. Real packets have fewer than 12. */
const MAX_LAYERS = 64;

const LINKTYPE_ETHERNET = 1;
/** Longer ones are damage: sequence arithmetic is on 31 bits. Wireshark takes the same bound. */
const MAX_WIRE_LENGTH = 0x7fff_ffff;

export class PacketDecoders {
  /** The only thing that outlives a packet. */
  readonly fragments = new FragmentTable();

  // hot: once per packet.
  /**
   * Decodes the record in the slot. Afterwards `verdict` says what it came to. When the packet completes a fragmented
   * datagram, the slot stands on a buffer that holds the whole of it; see fragments.ts.
   */
  decode(p: Packet): void {
    p.offset = p.start;
    p.wireEnd = p.start + Math.min(Math.max(p.origLen, p.end - p.start), MAX_WIRE_LENGTH);
    p.depth = 0;
    p.fault = null;
    const isEthernet = p.linkType === LINKTYPE_ETHERNET;
    if (isEthernet && plainTcp(p)) return;
    let layer = isEthernet ? Layer.ethernet : layerOfLinkType(p, p.linkType);
    while (layer !== Layer.done) {
      layer = ++p.depth > MAX_LAYERS ? unsupported(p, "nested too deep") : this.step(p, layer);
    }
  }

  // hot:
  private step(p: Packet, layer: Layer): Layer {
    switch (layer) {
      case Layer.ethernet:
        return ethernet(p);
      case Layer.ipv4:
        return ipv4(p, this.fragments);
      case Layer.tcp:
        return tcp(p);
      case Layer.ipv6:
        return ipv6(p, this.fragments);
      case Layer.udp:
        return udp(p);
      case Layer.ethertype:
        return ethertype(p);
      case Layer.sll2:
        return sll2(p);
      case Layer.sll:
        return sll(p);
      case Layer.null:
        return nullLoopback(p);
      case Layer.loop:
        return loop(p);
      case Layer.ip:
        return ip(p);
      case Layer.llc:
        return llc(p);
      case Layer.ppp:
        return ppp(p);
      case Layer.pppoe:
        return pppoe(p);
      case Layer.mpls:
        return mpls(p);
      case Layer.vxlan:
        return vxlan(p);
      case Layer.geneve:
        return geneve(p);
      case Layer.gre:
        return gre(p);
      case Layer.erspan:
        return erspan(p);
      case Layer.gtp:
        return gtp(p);
      case Layer.teredo:
        return teredo(p);
      case Layer.l2tp:
        return l2tp(p);
      case Layer.etherip:
        return etherip(p);
      case Layer.ah:
        return ah(p);
      case Layer.pktap:
        return pktap(p);
      case Layer.nflog:
        return nflog(p);
      case Layer.pflog:
        return pflog(p);
      case Layer.chdlc:
        return chdlc(p);
      case Layer.frameRelay:
        return frameRelay(p);
      case Layer.infiniband:
        return ipoib(p);
      case Layer.radiotap:
        return radiotap(p);
      case Layer.wlan:
        return wlan(p);
      case Layer.ppi:
        return ppi(p);
      case Layer.prism:
        return prism(p);
      case Layer.nsh:
        return nsh(p);
      case Layer.ayiya:
        return ayiya(p);
      case Layer.arcnetLinux:
        return arcnetLinux(p);
      case Layer.arcnet:
        return arcnet(p);
      case Layer.fddi:
        return fddi(p);
      case Layer.tokenRing:
        return tokenRing(p);
      case Layer.juniper:
        return juniper(p);
      case Layer.enc:
        return enc(p);
      case Layer.mpacket:
        return mpacket(p);
      case Layer.done:
        return Layer.done;
    }
  }
}
