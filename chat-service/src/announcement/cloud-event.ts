import type { Announcement } from './announcement.js';

/** The media type of one event in structured mode (CloudEvents JSON format 1.0, section 3). */
export const CLOUD_EVENT_MEDIA_TYPE = 'application/cloudevents+json';

/** An announcement as other services read it. `source` and `id` together name it once and for ever. */
export function cloudEventOf(announcement: Announcement): Readonly<Record<string, unknown>> {
  return {
    specversion: '1.0',
    id: announcement.id,
    source: '/energy-chat',
    type: announcement.type,
    subject: announcement.subject,
    time: announcement.time,
    datacontenttype: 'application/json',
    data: announcement.data,
  };
}
