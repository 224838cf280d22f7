import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { HistoryLine } from '../history.js';
import { AnnouncementsPart } from './announcements.js';
import { CasesPart } from './cases.js';
import { EntriesPart } from './entries.js';
import { FailuresPart } from './failures.js';
import type { Finding } from './finding.js';
import { InboxesPart } from './inboxes.js';
import type { Figures, Part } from './part.js';
import { RequestsPart } from './requests.js';
import { RowsPart } from './rows.js';

export interface Verdict {
  readonly figures: readonly Figures[];
  readonly findings: readonly Finding[];
}

/** Judges a history by what the chat promises. Pure: the same lines give the same verdict. */
export class Checker {
  private readonly parts: readonly Part[] = [
    new RequestsPart('sends', new Set(['SendMessage'])),
    new CasesPart(),
    new EntriesPart(),
    new RowsPart(),
    new InboxesPart(),
    new AnnouncementsPart(),
    new FailuresPart(),
  ];

  line(line: HistoryLine): void {
    for (const part of this.parts) part.line(line);
  }

  finish(): Verdict {
    const verdicts = this.parts.map((part) => part.finish());
    return {
      figures: verdicts.map(({ figures }) => figures),
      findings: verdicts.flatMap(({ findings }) => findings),
    };
  }
}

/** The verdict on a kept history. */
export async function checkFile(file: string): Promise<Verdict> {
  const checker = new Checker();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    checker.line(JSON.parse(line) as HistoryLine);
  }
  return checker.finish();
}
