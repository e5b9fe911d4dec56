// What does the comment on a ticket say? Blocks of words, from the report; each tracker writes them in its own markup.

/** Words of one paragraph. Text came off the wire: whoever writes it into markup makes it inert. */
export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "strong"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  /** To a file of the bundle, by its name: an address where the tracker gives one, else the name alone. */
  | { readonly kind: "file"; readonly name: string };

export type Block =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "paragraph"; readonly words: readonly Inline[] }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: "code"; readonly text: string }
  /** For trackers that draw it (GitHub, GitLab); the others show `text`, drawn in characters, as code. */
  | { readonly kind: "diagram"; readonly title: string; readonly mermaid: string; readonly text: string };
