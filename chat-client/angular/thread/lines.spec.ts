import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { CaseSchema, CaseTopic } from '@energy-chat/contract/case_pb.js';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { EntrySchema } from '@energy-chat/contract/entry_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { describe, expect, it } from 'vitest';
import { threadLines } from './lines.js';
import type { Line, MessageLine, ThreadContent } from './lines.js';

const ANA = { id: '7', displayName: 'Ana', side: Side.CLIENT };
const MARIA = { id: '2', displayName: 'Maria', side: Side.SUPPORT };
const DAN = { id: '3', displayName: 'Dan', side: Side.SUPPORT };
const MORNING = new Date(2026, 2, 12, 9, 0);

function message(seq: number, author: typeof ANA, minutes = 0, text = `text ${seq}`): Entry {
  return entry(seq, author, minutes, { case: 'message', value: { text } });
}

function entry(
  seq: number,
  author: typeof ANA,
  minutes: number,
  content: Parameters<typeof create<typeof EntrySchema>>[1] extends infer Init
    ? Init extends { content?: infer Content }
      ? Content
      : never
    : never,
): Entry {
  const createdTime = timestampFromDate(new Date(MORNING.getTime() + minutes * 60_000));
  return create(EntrySchema, { seq, author, createdTime, requestId: `r${seq}`, content });
}

function lines(entries: readonly Entry[], more: Partial<ThreadContent> = {}): readonly Line[] {
  return threadLines({
    entries,
    hasOlder: false,
    pending: [],
    side: Side.CLIENT,
    myId: '7',
    otherProgress: undefined,
    unreadAfter: undefined,
    ...more,
  });
}

const kinds = (shown: readonly Line[]): string[] => shown.map(({ kind }) => kind);
const messages = (shown: readonly Line[]): MessageLine[] => shown.filter((line) => line.kind === 'message');

describe('the lines of a thread', () => {
  it('stand in the order of the log, with the messages on their way after them', () => {
    const pending = [
      { requestId: 'x', text: 'on its way', topic: undefined, state: 'sending', error: undefined, isFromThisTab: true },
      {
        requestId: 'y',
        text: 'and one more',
        topic: undefined,
        state: 'failed',
        error: undefined,
        isFromThisTab: true,
      },
    ] as const;
    const shown = messages(lines([message(1, ANA), message(2, MARIA)], { pending }));
    expect(shown.map(({ text }) => text)).toEqual(['text 1', 'text 2', 'on its way', 'and one more']);
    expect(shown.map(({ tick }) => tick)).toEqual(['sent', undefined, 'sending', 'failed']);
  });

  it('begin each day with its date', () => {
    const shown = lines([message(1, ANA), message(2, ANA, 60), message(3, ANA, 24 * 60)]);
    expect(kinds(shown)).toEqual(['day', 'message', 'message', 'day', 'message']);
  });

  it('keep the key of a message that gets its place in the log', () => {
    const pending = [
      { requestId: 'r1', text: 'text 1', topic: undefined, state: 'sent', error: undefined, isFromThisTab: true },
    ] as const;
    const before = messages(lines([], { pending }));
    const after = messages(lines([message(1, ANA)]));
    expect(after[0]?.key).toBe(before[0]?.key);
  });

  it('have keys of their own, also where two people used the same request id', () => {
    const same = [message(1, ANA), { ...message(2, MARIA), requestId: 'r1' }];
    const keys = lines(same).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('tell of each own message how far it has come', () => {
    const otherProgress = create(ProgressSchema, { deliveredSeq: 2, readSeq: 1 });
    const shown = messages(lines([message(1, ANA), message(2, ANA), message(3, ANA)], { otherProgress }));
    expect(shown.map(({ tick }) => tick)).toEqual(['read', 'delivered', 'sent']);
  });

  it('name the author where the author changes, and nobody above one’s own messages', () => {
    const entries = [message(1, ANA), message(2, MARIA, 1), message(3, MARIA, 2), message(4, DAN, 3)];
    const shown = messages(lines(entries));
    expect(shown.map(({ author, continues }) => [author, continues])).toEqual([
      ['', false],
      ['Maria', false],
      ['Maria', true],
      ['Dan', false],
    ]);
  });

  it('name colleagues to an administrator, on the own side', () => {
    const shown = messages(lines([message(1, DAN), message(2, MARIA)], { side: Side.SUPPORT, myId: '2' }));
    expect(shown.map(({ author, isOwnSide }) => [author, isOwnSide])).toEqual([
      ['Dan', true],
      ['', true],
    ]);
  });

  it('do not join messages that are far apart or have something between them', () => {
    const closed = entry(3, MARIA, 11, { case: 'caseClosed', value: {} });
    const shown = messages(lines([message(1, MARIA), message(2, MARIA, 10), closed, message(4, MARIA, 12)]));
    expect(shown.map(({ continues }) => continues)).toEqual([false, false, false]);
  });

  it('divide what was read from the first message of the other side after it', () => {
    const entries = [message(1, MARIA), message(2, ANA), message(3, ANA), message(4, MARIA), message(5, MARIA)];
    const shown = lines(entries, { unreadAfter: 2 });
    expect(kinds(shown)).toEqual(['day', 'message', 'message', 'message', 'unread', 'message', 'message']);
  });

  it('have no divider where nothing of the other side follows', () => {
    expect(kinds(lines([message(1, MARIA), message(2, ANA)], { unreadAfter: 1 }))).not.toContain('unread');
  });

  it('show a removed message as a stub without ticks', () => {
    const removed = entry(1, ANA, 0, {
      case: 'message',
      value: { text: '', removedTime: timestampFromDate(MORNING), editedTime: timestampFromDate(MORNING) },
    });
    expect(messages(lines([removed]))[0]).toMatchObject({ isRemoved: true, isEdited: false, tick: undefined });
  });

  it('tell of a case who did what', () => {
    const about = create(CaseSchema, { number: 4, topic: CaseTopic.BILL, assignee: { id: '3', displayName: 'Dan' } });
    const passedOn = entry(1, MARIA, 0, {
      case: 'caseTransferred',
      value: { case: about, from: { id: '2', displayName: 'Maria' } },
    });
    expect(lines([passedOn])[1]).toMatchObject({
      kind: 'case',
      text: 'transferred',
      topic: 'bill',
      values: { number: 4, assignee: 'Dan', from: 'Maria', by: 'Maria' },
    });
  });

  it('link from a notice to https only', () => {
    const notice = (link: string): Line | undefined =>
      lines([entry(1, MARIA, 0, { case: 'systemMessage', value: { text: 'x', link } })])[1];
    expect(notice('https://example.com')).toMatchObject({ link: 'https://example.com' });
    expect(notice('javascript:alert(1)')).toMatchObject({ link: '' });
  });

  it('leave out what they do not know, and edits, which show at their target', () => {
    const edit = entry(2, MARIA, 0, { case: 'messageEdited', value: { targetSeq: 1 } });
    const unknown = create(EntrySchema, { seq: 3, author: MARIA });
    expect(kinds(lines([message(1, MARIA), edit, unknown]))).toEqual(['day', 'message']);
  });
});
