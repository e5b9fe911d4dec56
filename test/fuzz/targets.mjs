// What is fuzzed? Each target makes an input of random choices, and runs it; nothing else knows of the product.

import { bundleTarget } from "./target-bundle.mjs";
import { captureTargets } from "./target-captures.mjs";
import { dumpTarget } from "./target-dumps.mjs";
import { optionTarget } from "./target-options.mjs";
import { packetTarget } from "./target-packets.mjs";
import { redactorTarget } from "./target-redactors.mjs";
import { sharesTarget } from "./target-shares.mjs";
import { PROTOCOLS, streamTarget } from "./target-streams.mjs";
import { textTarget } from "./target-texts.mjs";
import { wholeTarget } from "./target-whole.mjs";

/** make(random) → input · run(input), throwing at a failure · grow(random, bytes) → (n) → an input n times as large. */
export async function makeTargets(dist, seeds) {
  const targets = [
    await packetTarget(dist, seeds),
    ...(await Promise.all(Object.keys(PROTOCOLS).map((protocol) => streamTarget(dist, seeds, protocol)))),
    await redactorTarget(dist, seeds),
    ...(await captureTargets(dist, seeds)),
    await dumpTarget(dist, seeds),
    await optionTarget(dist),
    await textTarget(dist),
    await bundleTarget(dist),
    await wholeTarget(dist, seeds),
    await sharesTarget(dist, seeds),
  ];
  return new Map(targets.map((t) => [t.name, t]));
}
