import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { announcementBusContract, announcementOf } from '../../announcement/announcement-bus.contract.js';
import { cloudEventOf } from '../../announcement/cloud-event.js';
import { EmbeddedAnnouncementBus } from './embedded-announcement-bus.js';

const log = pino({ level: 'silent' });

describe('EmbeddedAnnouncementBus', () => {
  announcementBusContract(() => {
    const received: unknown[] = [];
    const bus = new EmbeddedAnnouncementBus(log, [(announcement) => received.push(cloudEventOf(announcement))]);
    return Promise.resolve({ bus, received, close: () => bus.close() });
  });

  it('tells the other subscribers when one fails', async () => {
    const heard: string[] = [];
    const failing = () => {
      throw new Error('a defect of the subscriber');
    };
    const bus = new EmbeddedAnnouncementBus(log, [failing, ({ id }) => heard.push(id)]);
    expect(await bus.publish([announcementOf(1)])).toEqual(['delivered']);
    expect(heard).toEqual([announcementOf(1).id]);
  });
});
