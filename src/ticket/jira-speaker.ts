// How is a Jira asked, so that each refusal is told by what it means there?

import type { Credentials } from "./credentials/credentials.ts";
import type { Answer, Ask, Http } from "./http/http.ts";
import { trackerWords } from "./http/refusal.ts";
import { concealing } from "./http/secrets.ts";
import { EXPLAINED, isNobody, refusal } from "./jira-answers.ts";
import type { TicketError } from "./ticket-error.ts";

export interface Speaker {
  /** Asks, and says of a refusal what it means at Jira. `what`: what could not be done then. */
  ask(what: string, request: Ask): Promise<Answer>;
  refused(what: string, answer: Answer): TicketError;
}

export function speakerOf(credentials: Credentials | null, http: Http): Speaker {
  const conceal = concealing(credentials);
  const refused = (what: string, answer: Answer): TicketError =>
    refusal(answer, what, trackerWords(answer.text, conceal), credentials?.source ?? null);
  return {
    refused,
    async ask(what, request) {
      const headers = { Accept: "application/json", ...request.headers };
      const own = request.expects ?? [];
      const answer = await http.ask({ ...request, headers, expects: [...EXPLAINED, ...own] });
      const done = (answer.status >= 200 && answer.status < 300) || own.includes(answer.status);
      if (done && !isNobody(answer)) return answer;
      throw refused(what, answer);
    },
  };
}
