import { beforeEach, describe, expect, it } from '@jest/globals';
import { alma, mira, Thread } from '../testing/thread.js';
import { announceUnread } from './announce-unread.js';
import { append, rowChange } from './conversation.js';
import { authorOf } from './messages.js';
import { removeMessage } from './message-changes.js';
import { markProgress } from './progress.js';

const SECOND = 1_000_000;
const AFTER = 300 * SECOND;

describe('a run of replies that the client has not read', () => {
  let thread: Thread;

  beforeEach(() => {
    thread = new Thread();
    thread.fromClient();
  });

  const run = () => thread.conversation.unreadRun;
  const announce = () => thread.change((situation) => announceUnread(situation, AFTER));
  const later = (seconds: number) => (thread.now += seconds * SECOND);
  const read = (readSeq: number) =>
    thread.change((situation) =>
      markProgress(situation, { side: 'client', personId: mira.id, deliveredSeq: readSeq, readSeq }),
    );
  const remove = (seq: number) =>
    thread.change((situation) => removeMessage(situation, { author: authorOf(alma), requestId: `remove-${seq}` }), {
      targetSeq: seq,
    });
  const fromSystem = () =>
    thread.change(({ conversation, now }) =>
      append(rowChange(conversation, {}), {
        now,
        caseId: null,
        author: { side: 'system', id: 'system:billing', displayName: 'Billing' },
        requestId: 'notice',
        content: { kind: 'system_message', text: 'Your bill is ready.', severity: 'info', link: '' },
      }),
    );

  it('begins with the first unread one and with nothing that the client wrote', () => {
    thread.fromClient();
    expect(run()).toBeNull();
    thread.fromAdmin(alma);
    expect(run()).toEqual({ since: thread.entries.at(-1)?.createdAt, announcedSeq: null });
    thread.fromAdmin(alma);
    thread.fromClient();
    expect(run()).toEqual({ since: thread.entries[3]?.createdAt, announcedSeq: null });
  });

  it('begins with a system message too', () => {
    fromSystem();
    later(300);
    expect(announce()?.conversation.unreadRun).toMatchObject({ announcedSeq: 3 });
  });

  it('is announced once its oldest has waited, by that one, and once only', () => {
    thread.fromAdmin(alma);
    const oldest = thread.entries.at(-1);
    later(298);
    expect(announce()).toBeNull();
    later(1);
    expect(announce()?.entries).toEqual([]);
    expect(run()).toEqual({ since: oldest?.createdAt, announcedSeq: oldest?.seq });
    thread.fromAdmin(alma);
    later(1_000);
    expect(announce()).toBeNull();
    expect(run()?.announcedSeq).toBe(oldest?.seq);
  });

  it('is not announced while the client holds a Watch, and is when that is gone', () => {
    thread.fromAdmin(alma);
    thread.clientWatches = true;
    later(1_000);
    expect(announce()).toBeNull();
    thread.clientWatches = false;
    expect(announce()).not.toBeNull();
  });

  it('goes by the oldest that is still unread: what was read or removed before counts no more', () => {
    thread.fromAdmin(alma);
    later(200);
    thread.fromAdmin(alma);
    const second = thread.entries.at(-1);
    read(4);
    later(100);
    expect(announce()?.conversation.unreadRun).toEqual({ since: second?.createdAt, announcedSeq: null });
    expect(announce()).toBeNull();
    later(200);
    expect(announce()?.conversation.unreadRun).toEqual({ since: second?.createdAt, announcedSeq: second?.seq });
  });

  it('ends when all is read, and another is announced anew', () => {
    thread.fromAdmin(alma);
    thread.fromAdmin(alma);
    later(300);
    announce();
    read(4);
    expect(run()?.announcedSeq).toBe(4);
    read(5);
    expect(run()).toBeNull();
    thread.fromAdmin(alma);
    later(300);
    expect(announce()?.conversation.unreadRun?.announcedSeq).toBe(6);
  });

  it('ends when what was unread is removed', () => {
    thread.fromAdmin(alma);
    later(300);
    announce();
    remove(4);
    expect(run()).toBeNull();
    expect(announce()).toBeNull();
  });

  it('goes on when something unread is left after a removal', () => {
    thread.fromAdmin(alma);
    thread.fromAdmin(alma);
    remove(4);
    later(300);
    expect(announce()?.conversation.unreadRun?.announcedSeq).toBe(5);
  });
});
