// What must be put right when a signal ends the program in the middle? A progress bar erased, a half-written file removed.

export class Interrupts {
  private cleanUps = new Set<() => void>();
  private onPipe: (() => void) | null = null;
  private onCapture: (() => void) | null = null;

  /** `undo` must not wait. Returns a function that takes it back. */
  add(undo: () => void): () => void {
    this.cleanUps.add(undo);
    return () => {
      this.cleanUps.delete(undo);
    };
  }

  /**
   * While standard input is read, the first Ctrl-C is for the program at the other end of the pipe (`tcpdump | halfclose`),
   * which gets it too and ends its output: what came until then is analysed. The second one ends this program.
   */
  whileReadingPipe(told: () => void): () => void {
    this.onPipe = told;
    return () => {
      this.onPipe = null;
    };
  }

  /**
   * While a capture is under way, the first signal of any kind ends it as it should end: the last packets are read, the files
   * closed, the report made. The second one ends the program.
   */
  whileCapturing(end: () => void): () => void {
    this.onCapture = end;
    return () => {
      this.onCapture = null;
    };
  }

  /** True when this signal is to be let pass. */
  letCaptureEnd(): boolean {
    const end = this.onCapture;
    this.onCapture = null;
    end?.();
    return end !== null;
  }

  /** True when this Ctrl-C is to be let pass. */
  letPipeEnd(): boolean {
    const told = this.onPipe;
    this.onPipe = null;
    told?.();
    return told !== null;
  }

  cleanUp(): void {
    for (const undo of this.cleanUps) {
      try {
        undo();
      } catch {
        // The others are to be done all the same; a later run looks for what was left (src/capture/leftovers.ts).
      }
    }
    this.cleanUps.clear();
  }
}
