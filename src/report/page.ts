// How do the lines of a text report grow? Headings, hanging paragraphs, items and lines to copy, all inert and within the width.

import { ascii, visible } from "../core/escape.ts";
import { dayOf } from "../core/format.ts";
import { displayWidth, wrap } from "../core/wrap.ts";
import { COLORED, PLAIN, type Style } from "./style.ts";

export interface TextOptions {
  color?: boolean;
  /** Columns; 80 unless told. */
  width?: number;
  /** False for a terminal that is not UTF-8. */
  unicode?: boolean;
}

const WIDTH = 80;
/** Narrower than this, words would be broken and tables of metrics would not fit. */
const MIN_WIDTH = 40;
/** With less room than this beside its lead, a text goes below it. */
const MIN_TEXT = 12;

export type Paint = (line: string) => string;

/** Lines as they grow. */
export class Page {
  readonly style: Style;
  readonly width: number;
  readonly unicode: boolean;
  readonly bullet: string;
  readonly span: { from: string; to: string } | null;
  private lines: string[] = [];

  constructor(options: TextOptions, span: { from: string; to: string } | null) {
    this.style = options.color === true ? COLORED : PLAIN;
    this.width = Math.max(MIN_WIDTH, options.width ?? WIDTH);
    this.unicode = options.unicode ?? true;
    this.bullet = this.unicode ? "• " : "* ";
    this.span = span;
  }

  /** The day of the capture: times of it are written without. */
  get day(): string | undefined {
    return this.span === null ? undefined : dayOf(this.span.from);
  }

  show(text: string): string {
    return this.unicode ? visible(text) : ascii(text);
  }

  blank(): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== "") this.lines.push("");
  }

  heading(text: string, rest = ""): void {
    this.blank();
    const more = rest === "" ? "" : this.style.dim(`  ${this.show(rest)}`);
    this.lines.push(this.style.heading(this.show(text)) + more);
  }

  /** A line across, between what does not belong together. */
  rule(): void {
    this.blank();
    this.lines.push(this.style.dim((this.unicode ? "─" : "-").repeat(this.width)), "");
  }

  /** A paragraph. The first line begins with `lead` (painted apart), the others hang under its end. */
  paragraph(text: string, layout: { indent?: number; lead?: string; paint?: Paint; paintLead?: Paint } = {}): void {
    const { indent = 0, lead = "", paint = plain, paintLead = plain } = layout;
    const hang = indent + displayWidth(lead);
    if (this.width - hang < MIN_TEXT) {
      this.lines.push(`${" ".repeat(indent)}${paintLead(lead)}`.trimEnd());
      this.paragraph(text, { indent: indent + 4, paint });
      return;
    }
    wrap(this.show(text), this.width - hang).forEach((line, i) => {
      const margin = i === 0 ? " ".repeat(indent) + paintLead(lead) : " ".repeat(hang);
      this.lines.push((margin + (line === "" ? "" : paint(line))).trimEnd());
    });
  }

  item(text: string, indent: number, paint: Paint = plain): void {
    this.paragraph(text, { indent, lead: this.bullet, paint, paintLead: this.style.dim });
  }

  /** A line to copy: never wrapped. */
  verbatim(text: string, indent: number): void {
    this.lines.push(" ".repeat(indent) + this.show(text));
  }

  /** Painted already, and known to fit. */
  ready(line: string): void {
    this.lines.push(line);
  }

  text(): string {
    return `${this.lines.join("\n").trimEnd()}\n`;
  }
}

const plain: Paint = (line) => line;
