import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import type { Announcement, AnnouncementType } from './announcement.js';
import type { AnnouncementBus } from './announcement-bus.port.js';
import { cloudEventOf } from './cloud-event.js';

export interface AnnouncementBusUnderTest {
  /** Reached already. */
  readonly bus: AnnouncementBus;
  /** What a consumer of new chats has received so far, as CloudEvents, in order. */
  readonly received: readonly unknown[];
  close(): Promise<void>;
}

export function announcementOf(seq: number, type: AnnouncementType = 'energy.chat.case.opened.v1'): Announcement {
  return {
    id: `conversation-1/${seq}/case_opened`,
    type,
    subject: 'conversation-1',
    time: '2026-11-18T11:06:40.123456Z',
    data: { conversation_id: 'conversation-1', client: { id: '42', login: 'mara', display_name: 'Zoë Ünal' } },
  };
}

/** What every adapter of `AnnouncementBus` promises. */
export function announcementBusContract(open: () => Promise<AnnouncementBusUnderTest>): void {
  describe('announcements to a bus', () => {
    let test: AnnouncementBusUnderTest;

    beforeEach(async () => {
      test = await open();
    });

    afterEach(() => test.close());

    it('answers for each that it was delivered, and delivers it as a CloudEvent', async () => {
      const announcement = announcementOf(1);
      expect(await test.bus.publish([announcement])).toEqual(['delivered']);
      await eventually('it has come', () => test.received.length === 1);
      expect(test.received).toEqual([cloudEventOf(announcement)]);
    });

    it('answers nothing for nothing', async () => {
      expect(await test.bus.publish([])).toEqual([]);
    });

    it('keeps the order within a batch and between batches, also of batches handed over at once', async () => {
      const first = Array.from({ length: 500 }, (_, index) => announcementOf(index + 1));
      const second = Array.from({ length: 100 }, (_, index) => announcementOf(index + 501));
      const outcomes = await Promise.all([test.bus.publish(first), test.bus.publish(second)]);
      expect(outcomes.flat()).toEqual([...first, ...second].map(() => 'delivered'));
      await eventually('all have come', () => test.received.length === 600);
      expect(test.received).toEqual([...first, ...second].map(cloudEventOf));
    });

    it('delivers again what is handed over again, under the same id', async () => {
      await test.bus.publish([announcementOf(1)]);
      await test.bus.publish([announcementOf(1)]);
      await eventually('both have come', () => test.received.length === 2);
      expect(test.received[0]).toEqual(test.received[1]);
    });

    it('lets a batch in flight end when it is closed, and takes nothing after', async () => {
      const inFlight = test.bus.publish([announcementOf(1), announcementOf(2)]);
      await test.bus.close();
      expect(await inFlight).toEqual(['delivered', 'delivered']);
      expect(await test.bus.publish([announcementOf(3)])).toEqual(['failed']);
      await eventually('the batch has come', () => test.received.length === 2);
    });
  });
}
