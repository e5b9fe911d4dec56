// What can a reader do on the page when scripts are allowed? Copy, search, open all, choose colours, look at a picture at full size.
//
// The page carries the source of this one function (its toString()), so it must use nothing from outside of it but the browser.
// Everything it does is a convenience: each control that needs it is hidden, or not there, until it runs.

/** Runs once, at the end of the page. */
export function pageScript(): void {
  const all = <E extends Element>(selector: string): E[] => [...document.querySelectorAll<E>(selector)];
  const byId = (id: string): HTMLElement | null => document.getElementById(id);
  const said = byId("said");
  const say = (text: string): void => {
    if (said) said.textContent = text;
  };
  const button = (label: string, className: string, act: (self: HTMLButtonElement) => void): HTMLButtonElement => {
    const b = document.createElement("button");
    b.type = "button";
    b.className = className;
    b.textContent = label;
    b.addEventListener("click", () => act(b));
    return b;
  };

  /** Storage may be forbidden (a file, a sandbox): then a choice lasts as long as the page. */
  const remember = (key: string, value: string): void => {
    try {
      localStorage.setItem(key, value);
    } catch {}
  };
  const remembered = (key: string): string | null => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };

  function themes(): () => void {
    const choices = all<HTMLInputElement>('input[name="theme"]');
    const choose = (value: string): void => {
      if (value === "light" || value === "dark") document.documentElement.dataset.theme = value;
      else delete document.documentElement.dataset.theme;
      for (const input of choices) input.checked = input.value === value;
    };
    for (const input of choices) {
      input.addEventListener("change", () => {
        choose(input.value);
        remember("halfclose-theme", input.value);
      });
    }
    const before = remembered("halfclose-theme");
    if (choices.some((c) => c.value === before)) choose(before!);
    return () => {
      const at = choices.findIndex((c) => c.checked);
      const next = choices[(at + 1) % choices.length];
      next?.click();
      if (next) say(`Colours: ${next.value}`);
    };
  }

  function copying(): void {
    const copy = async (text: string, from: Element): Promise<boolean> => {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        getSelection()?.selectAllChildren(from);
        return document.execCommand("copy");
      }
    };
    for (const box of all(".code")) {
      const pre = box.querySelector("pre");
      if (!pre) continue;
      const b = button("Copy", "copy", (self) => {
        copy(pre.textContent ?? "", pre).then((done) => {
          self.textContent = done ? "Copied" : "Selected";
          say(done ? "Copied" : "Selected; copy it by keyboard");
          setTimeout(() => {
            self.textContent = "Copy";
          }, 1600);
        });
      });
      b.setAttribute("aria-label", `Copy: ${pre.getAttribute("aria-label") ?? "text"}`);
      box.append(b);
    }
  }

  const folds = (): HTMLDetailsElement[] => all<HTMLDetailsElement>("main details");

  function opening(): () => void {
    const b = byId("open-all");
    const toggle = (): void => {
      const open = b?.getAttribute("aria-pressed") !== "true";
      for (const d of folds()) if (!d.classList.contains("words") || !open) d.open = open;
      b?.setAttribute("aria-pressed", String(open));
      if (b) b.textContent = open ? "Close all" : "Open all";
      say(open ? "All is open" : "All is closed");
    };
    b?.addEventListener("click", toggle);
    return toggle;
  }

  /** What a link leads to is opened, with all that it is folded into. */
  function links(): void {
    const open = (): void => {
      let at: Element | null = byId(decodeURIComponent(location.hash.slice(1)));
      const target = at;
      for (; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
      target?.scrollIntoView();
    };
    const safely = (): void => {
      try {
        if (location.hash.length > 1) open();
      } catch {}
    };
    addEventListener("hashchange", safely);
    // A link to where the address already points says nothing to the page.
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
      if (link && link.getAttribute("href") === location.hash) safely();
    });
    safely();
  }

  /** Paper cannot be unfolded. */
  function printing(): void {
    let opened: HTMLDetailsElement[] = [];
    addEventListener("beforeprint", () => {
      opened = folds().filter((d) => !d.open && !d.classList.contains("words"));
      for (const d of opened) d.open = true;
    });
    addEventListener("afterprint", () => {
      for (const d of opened) d.open = false;
      opened = [];
    });
  }

  function search(): void {
    const form = byId("search");
    const text = byId("search-text") as HTMLInputElement | null;
    const severity = byId("search-severity") as HTMLSelectElement | null;
    const result = byId("search-result");
    if (!form || !text || !severity || !result) return;
    form.hidden = false;
    const findings = all<HTMLElement>(".finding");
    const words = findings.map((f) => (f.textContent ?? "").toLowerCase());
    const apply = (): void => {
      const wanted = text.value.trim().toLowerCase().split(/\s+/);
      let shown = 0;
      findings.forEach((f, i) => {
        const right = severity.value === "" || f.dataset.severity === severity.value;
        f.hidden = !(right && wanted.every((w) => words[i]!.includes(w)));
        if (!f.hidden) shown++;
      });
      const isAll = shown === findings.length;
      result.textContent = isAll ? "" : `${shown} of ${findings.length}`;
    };
    text.addEventListener("input", apply);
    severity.addEventListener("change", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** A dialog with a copy of the drawing, as wide as one likes. */
  function enlarging(): void {
    const dialog = document.createElement("dialog");
    dialog.className = "enlarged";
    const stage = document.createElement("div");
    stage.className = "stage";
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    const bar = document.createElement("div");
    bar.className = "bar";
    const name = document.createElement("h2");
    dialog.setAttribute("aria-labelledby", (name.id = "enlarged-title"));
    let drawing: SVGElement | null = null;
    const scale = (factor: number): void => {
      if (!drawing) return;
      const [width, height] = [drawing.clientWidth, drawing.clientHeight];
      const to = Math.max(200, Math.min(8000, width * factor));
      drawing.setAttribute("width", String(to));
      drawing.setAttribute("height", String((height * to) / width));
    };
    bar.append(
      name,
      button("Smaller", "", () => scale(0.8)),
      button("Larger", "", () => scale(1.25)),
      button("Close", "", () => dialog.close()),
    );
    dialog.append(bar, stage);
    dialog.addEventListener("close", () => stage.replaceChildren());
    document.body.append(dialog);
    for (const box of all(".figure")) {
      const svg = box.querySelector<SVGElement>(".drawing svg");
      const title = box.querySelector("figcaption strong")?.textContent ?? "";
      if (!svg) continue;
      const b = button("Enlarge", "enlarge", () => {
        drawing = svg.cloneNode(true) as SVGElement;
        name.textContent = title;
        stage.setAttribute("aria-label", title);
        stage.replaceChildren(drawing);
        dialog.showModal();
        const natural = Number(svg.getAttribute("width")) || 960;
        const width = Math.max(natural, stage.clientWidth - 32);
        drawing.setAttribute("width", String(width));
        drawing.setAttribute("height", String(((Number(svg.getAttribute("height")) || 600) * width) / natural));
      });
      b.setAttribute("aria-label", `Enlarge the picture: ${title}`);
      box.querySelector("figcaption")?.append(b);
    }
  }

  function keyboard(keys: Record<string, () => void>): void {
    const on = byId("keys-on") as HTMLInputElement | null;
    const note = byId("keys-note");
    if (note) note.hidden = false;
    if (on && remembered("halfclose-keys") === "off") on.checked = false;
    on?.addEventListener("change", () => remember("halfclose-keys", on.checked ? "on" : "off"));
    addEventListener("keydown", (event) => {
      const at = event.target;
      const isTyping =
        at instanceof HTMLInputElement || at instanceof HTMLSelectElement || document.querySelector("dialog[open]");
      if (isTyping || !on?.checked || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  /** To the finding after, or before, the one that has the focus; without one, from the top of the window. */
  const step = (by: 1 | -1) => (): void => {
    const findings = all<HTMLElement>("article.finding:not([hidden])");
    const at = findings.findIndex((f) => f.contains(document.activeElement));
    const tops = findings.map((f) => f.getBoundingClientRect().top);
    const near = by === 1 ? tops.findIndex((top) => top > 0) : tops.findLastIndex((top) => top < 0);
    const next = at < 0 ? near : at + by;
    const heading = findings[next]?.querySelector<HTMLElement>("h3");
    if (!heading) return;
    findings[next]!.scrollIntoView();
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };

  const nextTheme = themes();
  const toggleAll = opening();
  copying();
  enlarging();
  search();
  printing();
  links();
  keyboard({
    "/": () => byId("search-text")?.focus(),
    j: step(1),
    k: step(-1),
    o: toggleAll,
    c: nextTheme,
  });
  const controls = byId("controls");
  if (controls) controls.hidden = false;
}
