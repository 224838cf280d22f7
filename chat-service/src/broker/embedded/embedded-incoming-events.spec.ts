import { incomingEventsContract } from '../../system-message/incoming-events.contract.js';
import { EmbeddedIncomingEvents } from './embedded-incoming-events.js';

incomingEventsContract(() => {
  const events = new EmbeddedIncomingEvents(1);
  return Promise.resolve({
    events,
    put: (body: string, headers: Record<string, unknown> = {}) =>
      events.put({ contentType: 'application/json', headers, body: Buffer.from(body), redelivered: false }),
    letters: () => Promise.resolve(events.letters),
    close: () => events.close(),
  });
});
