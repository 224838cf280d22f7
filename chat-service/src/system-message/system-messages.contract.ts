import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatError } from '../chat-error.js';
import type { Entry } from '../conversation/entry.js';
import type { Person } from '../identity/caller.js';
import { eventually } from '../testing/eventually.js';
import { systemEvent, type SystemMessagesUnderTest } from '../testing/system-messages-under-test.js';
import { cloudEventFor, readCloudEvent } from './read-cloud-event.js';
import type { Recipient } from './system-event.js';

const HOUR = 3_600_000;
const byGrpc = { kind: 'grpc', redelivered: false } as const;
const byBroker = { kind: 'broker', redelivered: false } as const;
const client4: Person = { id: '4', login: 'client1', displayName: 'client1', role: 'client' };

/** What system messages promise on every database. */
export function systemMessagesContract(open: () => Promise<SystemMessagesUnderTest>): void {
  let test: SystemMessagesUnderTest;
  let one: SystemMessagesUnderTest['one'];
  let two: SystemMessagesUnderTest['two'];

  beforeEach(async () => {
    test = await open();
    ({ one, two } = test);
  });
  afterEach(() => test.close());

  const threadOf = async (clientId: string): Promise<Entry[]> => {
    const id = await one.log.conversationIdOf(clientId);
    return id === undefined ? [] : one.desk.entries(id);
  };
  const texts = (entries: readonly Entry[]) =>
    entries.flatMap(({ content }) => (content.kind === 'system_message' ? [content.text] : []));
  /** Clients who have a thread already, without a name at the platform. */
  const knownClients = async (count: number): Promise<Recipient[]> => {
    const made = await Promise.all(Array.from({ length: count }, () => one.desk.newClient()));
    return made.map(({ client }) => ({ by: 'client_id' as const, value: client.id }));
  };

  describe('a message to one client', () => {
    it('stands in their thread by its source, unread, and is nobody’s wait for a word', async () => {
      const entry = await one.publish.run(
        systemEvent({ severity: 'warning', link: 'https://example.com/meter' }),
        byGrpc,
      );
      expect(entry).toMatchObject({
        caseId: null,
        author: { side: 'system', id: 'system:metering', displayName: 'Metering' },
        content: {
          kind: 'system_message',
          text: 'Your reading is due.',
          severity: 'warning',
          link: 'https://example.com/meter',
        },
      });
      expect(await one.desk.conversation(entry?.conversationId ?? '')).toMatchObject({
        client: { id: '4', login: 'client1' },
        preview: 'Your reading is due.',
        progress: { client: { unread: 1 }, support: { unread: 0 } },
        awaitingSince: null,
        openCase: null,
      });
    });

    it.each([
      { by: 'client_id', value: '4' },
      { by: 'login', value: 'CLIENT1' },
      { by: 'device_id', value: '1' },
    ] as const)('finds them by $by', async (recipient) => {
      await one.publish.run(systemEvent({ recipients: [recipient] }), byGrpc);
      expect(texts(await threadOf('4'))).toEqual(['Your reading is due.']);
    });

    it('is written once, however often, in parallel, on two replicas and by both doors it comes', async () => {
      const tries = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).publish.run(systemEvent(), index % 3 === 0 ? byGrpc : byBroker),
      );
      const written = await Promise.all(tries);
      expect(new Set(written.map((entry) => entry?.seq))).toEqual(new Set([1]));
      await two.publish.run(systemEvent({ texts: { en: 'Other words.' } }), byBroker);
      expect(texts(await threadOf('4'))).toEqual(['Your reading is due.']);
    });

    it('is another message by another source or another id, also by ids that are no request ids', async () => {
      const long = 'x'.repeat(200);
      for (const eventId of ['event-1', 'event-2', `${long}1`, `${long}2`, 'ünïcode id']) {
        await one.publish.run(systemEvent({ eventId }), byGrpc);
        await one.publish.run(systemEvent({ eventId }), byGrpc);
      }
      await one.publish.run(systemEvent({ source: 'trial' }), byGrpc);
      expect(await threadOf('4')).toHaveLength(6);
    });

    it('comes in the language that they chose last, without its region where need be, else in the default one', async () => {
      const write = (eventId: string) => one.publish.run(systemEvent({ eventId }), byGrpc);
      await write('default');
      await one.languages.keep(client4, 'ro-MD');
      await write('region');
      await one.languages.keep(client4, 'hu');
      await write('unknown');
      expect(texts(await threadOf('4'))).toEqual([
        'Your reading is due.',
        'Trebuie citit contorul.',
        'Your reading is due.',
      ]);
    });

    it('opens a waiting case where none is open and it needs attention, which is announced', async () => {
      await one.publish.run(systemEvent({ needsAttention: true }), byGrpc);
      await one.publish.run(systemEvent({ needsAttention: true, eventId: 'event-2' }), byGrpc);
      const [opened, first, second, ...none] = await threadOf('4');
      expect(none).toEqual([]);
      expect(opened).toMatchObject({
        author: { id: 'system:metering' },
        content: { kind: 'case_opened', case: { number: 1, status: 'waiting' } },
      });
      expect([first?.caseId, second?.caseId]).toEqual([opened?.caseId, opened?.caseId]);
      const rows = await test.database.read<{ type: string }>('SELECT type FROM outbox');
      expect(rows).toEqual([{ type: 'energy.chat.case.opened.v1' }]);
    });

    it.each([
      ['nobody', { by: 'client_id', value: '99' }],
      ['an administrator', { by: 'client_id', value: '1' }],
      ['an administrator by login', { by: 'login', value: 'admin1' }],
      ['no device', { by: 'device_id', value: '9999' }],
      ['a text that only begins as an id', { by: 'device_id', value: '1x' }],
    ] as const)('is refused to %s, and writes nothing', async (_, recipient) => {
      await expect(one.publish.run(systemEvent({ recipients: [recipient] }), byGrpc)).rejects.toMatchObject({
        kind: 'not-found',
        reason: 'RECIPIENT_UNKNOWN',
        facts: { recipient: `${recipient.by}:${recipient.value}` },
      });
      expect(await test.database.read('SELECT id FROM conversation')).toEqual([]);
    });

    it('is refused with an id that ends in a space, which the database takes for the id without it', async () => {
      await expect(one.publish.run(systemEvent({ eventId: 'event-1 ' }), byGrpc)).rejects.toMatchObject({
        reason: 'INVALID_FIELD',
      });
    });

    it('is refused of a source that is not configured', async () => {
      await expect(one.publish.run(systemEvent({ source: 'nobody' }), byGrpc)).rejects.toMatchObject({
        reason: 'SOURCE_NOT_ALLOWED',
      });
    });
  });

  describe('the quota of a source', () => {
    const trial = (eventId: string) => systemEvent({ source: 'trial', eventId });

    it('counts what all replicas send, what is redelivered not again, and begins anew with the hour', async () => {
      await one.publish.run(trial('1'), byBroker);
      await two.publish.run(trial('2'), byBroker);
      await one.publish.run(trial('1'), { kind: 'broker', redelivered: true });
      await one.publish.run(trial('3'), byBroker);
      const over = { reason: 'OVER_QUOTA', kind: 'resource-exhausted' };
      await expect(one.publish.run(trial('4'), byBroker)).rejects.toMatchObject(over);
      await expect(two.publish.run(trial('4'), byGrpc)).rejects.toMatchObject(over);
      for (const { clock } of [one, two]) clock.advance(HOUR);
      await two.publish.run(trial('4'), byGrpc);
      expect(await threadOf('4')).toHaveLength(4);
    });

    it('is not used up by our own trouble: an event that is handled again counts once', async () => {
      const event = {
        redelivered: false,
        ...cloudEventFor(systemEvent({ source: 'trial', recipients: [{ by: 'login', value: 'client1' }] })),
      };
      const { find } = one.recipients;
      one.recipients.find = () => Promise.reject(new ChatError('unavailable', 'PLATFORM_UNAVAILABLE', 'Away.'));
      for (let tries = 0; tries < 5; tries += 1) {
        await expect(one.receive.run(event)).rejects.toMatchObject({ reason: 'PLATFORM_UNAVAILABLE' });
      }
      one.recipients.find = find;
      expect(await one.receive.run(event)).toBe('done');
      expect(await test.database.read("SELECT used FROM source_use WHERE source = 'trial'")).toEqual([{ used: 1 }]);
    });

    it('sets a hundredth aside at a time, so that not every message costs a statement', async () => {
      const used = () => test.database.read('SELECT source, used FROM source_use');
      await one.quota.take('metering', 1, 100_000);
      expect(await used()).toEqual([{ source: 'metering', used: 1_000 }]);
      const takes = Array.from({ length: 999 }, () => one.quota.take('metering', 1, 100_000));
      expect(new Set(await Promise.all(takes))).toEqual(new Set([undefined]));
      expect(await used()).toEqual([{ source: 'metering', used: 1_000 }]);
    });
  });

  describe('a notice to many', () => {
    const finished = (eventId = 'event-1') =>
      eventually('the notice is finished', async () => {
        const progress = await one.notices.progress('metering', eventId);
        return progress?.finishedAt != null && progress;
      });

    it('reaches each once, whoever is named twice, and can be asked how far it has come', async () => {
      const known = await knownClients(100);
      const recipients: Recipient[] = [...known, { by: 'client_id', value: '4' }, { by: 'login', value: 'client1' }];
      expect(await one.publish.run(systemEvent({ recipients }), byGrpc)).toBeNull();
      expect(await one.notices.progress('metering', 'event-1')).toMatchObject({ recipients: 102, written: 0 });
      const expander = one.expander();
      expander.start();
      expect(await finished()).toMatchObject({ recipients: 102, written: 102, unknown: 0 });
      await expander.stop();
      for (const { value } of known) expect(texts(await threadOf(value))).toEqual(['Your reading is due.']);
      expect(texts(await threadOf('4'))).toEqual(['Your reading is due.']);
      // Of one batch of the log at most 32 places are a notice's.
      expect(Math.max(...one.batches)).toBeLessThanOrEqual(32);
    });

    it('goes on where another replica ended in the middle, writing nothing twice', async () => {
      const known = await knownClients(60);
      await one.publish.run(systemEvent({ recipients: known }), byGrpc);
      // The first one wrote some and was killed before it could mark them.
      const killed = known.slice(0, 20).map((recipient) => one.deliver.run(systemEvent(), 'Metering', recipient));
      await Promise.all(killed);
      const expander = two.expander();
      expander.start();
      expect(await finished()).toMatchObject({ recipients: 60, written: 60 });
      await expander.stop();
      for (const { value } of known) expect(await threadOf(value)).toHaveLength(1);
    });

    it('is written by the one replica that holds the lease, and by the other within the lease after it is gone', async () => {
      const [first, second] = [one.expander(), two.expander({ renewMs: 5 })];
      first.start();
      await eventually('one holds the lease', () => first.holdsLease);
      second.start();
      await one.publish.run(systemEvent({ recipients: await knownClients(3) }), byGrpc);
      await finished();
      expect([first.written, second.written]).toEqual([3, 0]);
      await first.stop();
      await one.publish.run(systemEvent({ recipients: await knownClients(3), eventId: 'event-2' }), byGrpc);
      await finished('event-2');
      expect([first.written, second.written]).toEqual([3, 3]);
      await second.stop();
    });

    it('counts who is nobody; by the broker they are a dead letter that can be sent again', async () => {
      const nobody: Recipient[] = [
        { by: 'login', value: 'nobody' },
        { by: 'client_id', value: '99' },
      ];
      const event = systemEvent({ recipients: [{ by: 'client_id', value: '4' }, ...nobody] });
      await one.publish.run(event, byBroker);
      const expander = one.expander();
      expander.start();
      const progress = await finished();
      expect(progress).toMatchObject({ recipients: 3, written: 1, unknown: 2 });
      expect(progress.unknownRecipients).toEqual(expect.arrayContaining(nobody));
      const [letter, ...others] = one.incoming.letters;
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ reason: 'RECIPIENT_UNKNOWN' });
      const again = readCloudEvent(letter ?? { headers: {}, body: Buffer.alloc(0) });
      expect(again).toEqual({ ...event, recipients: progress.unknownRecipients });

      await one.publish.run(again, byBroker);
      expect(await one.notices.progress('metering', 'event-1')).toMatchObject({ finishedAt: null, unknown: 0 });
      expect(await finished()).toMatchObject({ recipients: 3, written: 1, unknown: 2 });
      await expander.stop();
    });

    it('goes on though the dead letter of an earlier one cannot be kept, which is kept later', async () => {
      const [known] = await knownClients(1);
      const nobody: Recipient = { by: 'client_id', value: '99' };
      if (known === undefined) throw new Error('There is no client.');
      const { bury } = one.incoming;
      one.incoming.bury = () => Promise.reject(new Error('RabbitMQ is away'));
      await one.publish.run(systemEvent({ recipients: [known, nobody] }), byBroker);
      await one.publish.run(systemEvent({ recipients: [known, nobody], eventId: 'event-2' }), byGrpc);
      const expander = one.expander();
      expander.start();
      expect(await finished('event-2')).toMatchObject({ written: 1, unknown: 1 });
      expect(await one.notices.progress('metering', 'event-1')).toMatchObject({ finishedAt: null, written: 1 });
      one.incoming.bury = bury.bind(one.incoming);
      expect(await finished('event-1')).toMatchObject({ written: 1, unknown: 1 });
      expect(one.incoming.letters).toHaveLength(1);
      await expander.stop();
    });

    it('that came by gRPC first has its dead letter all the same when it comes by the broker', async () => {
      const event = systemEvent({
        recipients: [
          { by: 'client_id', value: '4' },
          { by: 'client_id', value: '99' },
        ],
      });
      await one.publish.run(event, byGrpc);
      await one.publish.run(event, byBroker);
      await one.publish.run(event, byGrpc);
      const expander = one.expander();
      expander.start();
      await finished();
      expect(one.incoming.letters).toHaveLength(1);
      await expander.stop();
    });

    it('holds twenty long texts', async () => {
      const languages = 'en ro hu bg el ru uk sr mk de fr it es pl cs sk sl hr tr ka'.split(' ');
      const texts = Object.fromEntries(languages.map((language) => [language, 'ё'.repeat(4_000)]));
      await one.publish.run(systemEvent({ texts, recipients: await knownClients(2) }), byGrpc);
      const next = await one.notices.next(10, []);
      expect(next?.notice.event.texts).toEqual(texts);
    });

    it('is not finished by a look from before somebody was added', async () => {
      const [first, second] = await knownClients(2);
      if (first === undefined || second === undefined) throw new Error('There are no clients.');
      for (let round = 1; round <= 30; round += 1) {
        const event = systemEvent({ eventId: `event-${round}` });
        const notice = { id: `notice-${round}`, event, shownName: 'Metering', wantsDeadLetter: false };
        await one.notices.add(notice, [first]);
        await one.notices.mark(notice.id, [first], 'written');
        const adding = two.notices.add(notice, [second]);
        await Promise.all([adding, ...Array.from({ length: 5 }, () => one.notices.finish(notice.id))]);
        expect(await one.notices.progress('metering', event.eventId)).toMatchObject({
          finishedAt: null,
          recipients: 2,
        });
      }
    });

    it('is forgotten 30 days after it finished', async () => {
      await one.publish.run(systemEvent({ recipients: await knownClients(2) }), byGrpc);
      const expander = one.expander();
      expander.start();
      await finished();
      await expander.stop();
      expect(await one.notices.dropOlder(30, 10)).toBe(0);
      one.clock.advance(31 * 24 * HOUR);
      expect(await one.notices.dropOlder(30, 10)).toBe(1);
      expect(await one.notices.progress('metering', 'event-1')).toBeUndefined();
      expect(await test.database.read('SELECT name FROM notice_recipient')).toEqual([]);
    });
  });
}
