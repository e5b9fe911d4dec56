// How does a process of a recording write down what it saw? One JSON object a line, the wall-clock time first.
//
// The lines are written synchronously: a process that is killed in the next microsecond has still logged.

import { openSync, readFileSync, writeSync } from "node:fs";

/** The wall clock to the microsecond, in the form of all times of the project: ISO 8601 UTC with nine decimals. */
export function wallClock() {
  return isoFromMicroseconds(Math.round((performance.timeOrigin + performance.now()) * 1000));
}

export function isoFromMicroseconds(us) {
  const toMillisecond = new Date(Math.floor(us / 1000)).toISOString().slice(0, 23);
  return `${toMillisecond}${String(us % 1000).padStart(3, "0")}000Z`;
}

export function isoFromSeconds(seconds) {
  return isoFromMicroseconds(Math.round(Number(seconds) * 1e6));
}

/** Seconds between two such times, to the microsecond. */
export function secondsBetween(from, to) {
  const us = (iso) => Date.parse(`${iso.slice(0, 23)}Z`) * 1000 + Number(iso.slice(23, 26));
  return (us(to) - us(from)) / 1e6;
}

/** Opens a journal; the function returned appends `{"time":…,"event":…,…facts}`. */
export function openJournal(path) {
  const file = openSync(path, "a");
  return (event, facts = {}) => {
    writeSync(file, `${JSON.stringify({ time: wallClock(), event, ...facts })}\n`);
  };
}

export function readJournal(path) {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
