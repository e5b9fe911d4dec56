// How does memory go back at once, and not with the next collection? What is let go of by the megabyte would else be as much as what is used.

/** Nobody listens here. What is transferred to a closed port is gone (HTML, "message port post message steps"). */
let nowhere: MessagePort | null = null;

/** Gives memory back that nothing reads any more: whatever looks at it afterwards is empty. */
export function release(buffer: ArrayBufferLike): void {
  if (nowhere === null) {
    nowhere = new MessageChannel().port1;
    nowhere.close();
  }
  nowhere.postMessage(null, [buffer as ArrayBuffer]);
}
