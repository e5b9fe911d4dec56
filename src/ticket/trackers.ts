// Which trackers are there? One line each; what they have in common is in tracker.ts.

import type { Settings } from "./credentials/credentials.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { jira } from "./jira.ts";
import { type RecognisedTicket, recogniseAmong } from "./recognise-ticket.ts";
import { redmine } from "./redmine.ts";
import { requestTracker } from "./request-tracker.ts";
import { servicenow } from "./servicenow.ts";
import type { Tracker } from "./tracker.ts";
import { webhook } from "./webhook.ts";

/** In the order in which help lists them. */
export const ALL_TRACKERS: readonly Tracker[] = [jira, github, gitlab, redmine, requestTracker, servicenow, webhook];

/** The ticket that this text means: an address from the browser or a short form. Throws a TicketError with one line. */
export const recogniseTicket = (text: string, settings: Settings): RecognisedTicket =>
  recogniseAmong(ALL_TRACKERS, text, settings);
