import { describe, expect, it } from '@jest/globals';
import { violations } from '../testing/announcement-contract.js';
import { systemEvent } from '../testing/system-messages-under-test.js';
import { cloudEventFor, readCloudEvent } from './read-cloud-event.js';

const data = {
  recipients: [{ client_id: '4' }, { login: 'ana' }, { device_id: 17 }],
  texts: { en: 'Hello.' },
  severity: 'critical',
  link: 'https://example.com/',
  needs_attention: true,
};
const attributes = { specversion: '1.0', type: 'energy.chat.system-message.v1', source: 'metering', id: 'event-1' };
const event = { ...attributes, datacontenttype: 'application/json', data };
const expected = systemEvent({
  recipients: [
    { by: 'client_id', value: '4' },
    { by: 'login', value: 'ana' },
    { by: 'device_id', value: '17' },
  ],
  texts: { en: 'Hello.' },
  severity: 'critical',
  link: 'https://example.com/',
  needsAttention: true,
});

const read = (body: unknown, headers: Record<string, unknown> = {}) =>
  readCloudEvent({ headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });
const headersWith = (prefix: string) =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`${prefix}${name}`, value]));

describe('readCloudEvent', () => {
  it.each([
    ['structured', () => read(event)],
    ['structured, in a JSON text', () => read(JSON.stringify(JSON.stringify(event)))],
    ['structured, with its data in a JSON text', () => read({ ...event, data: JSON.stringify(data) })],
    ['binary', () => read(data, headersWith('cloudEvents:'))],
    ['binary, by the other prefix', () => read(data, headersWith('cloudEvents_'))],
    ['binary, in a JSON text', () => read(JSON.stringify(JSON.stringify(data)), headersWith('cloudEvents:'))],
    ['with attributes that nobody knows', () => read({ ...event, traceparent: '00-1-2-01' })],
  ])('reads an event that is %s', (_, readIt) => {
    expect(readIt()).toEqual(expected);
  });

  it('refuses a text that is no UTF-8, which clients would see as signs of replacement', () => {
    const body = Buffer.from(JSON.stringify({ ...event, data: { ...data, texts: { en: 'Preţ é' } } }), 'latin1');
    expect(() => readCloudEvent({ headers: {}, body })).toThrow('The body is not JSON in UTF-8.');
  });

  it('takes what is left out for info, without a link and without a need of attention', () => {
    expect(read({ ...event, data: { recipients: [{ client_id: '4' }], texts: { en: 'Hello.' } } })).toEqual(
      systemEvent({ texts: { en: 'Hello.' } }),
    );
  });

  it.each([
    ['not JSON', '<xml/>', /The body is not JSON/],
    ['no event', '[1]', /event/],
    ['of another version', { ...event, specversion: '0.3' }, /event\.specversion/],
    ['of another type', { ...event, type: 'other' }, /event\.type/],
    ['without a source', { ...event, source: undefined }, /event\.source/],
    ['without data', { ...attributes }, /data/],
    [
      'for a recipient by two names',
      { ...event, data: { ...data, recipients: [{ client_id: '4', login: 'a' }] } },
      /recipients\.0/,
    ],
    ['for an id that a number cannot hold', JSON.stringify(event).replace('17', '9007199254740993'), /recipients\.2/],
    ['with a field that nobody knows', { ...event, data: { ...data, color: 'red' } }, /color/],
    ['of an unknown severity', { ...event, data: { ...data, severity: 'loud' } }, /data\.severity/],
    [
      'larger than 256 KiB',
      { ...event, data: { ...data, texts: { en: 'x'.repeat(262_144) } } },
      /at most 262144 bytes/,
    ],
  ])('refuses an event that is %s, saying where', (_, body, words) => {
    expect(() => read(body)).toThrow(words);
  });

  it('reads what it wrote, which is as the contract publishes it', () => {
    const written = cloudEventFor(expected);
    expect(readCloudEvent(written)).toEqual(expected);
    const published: unknown = JSON.parse(written.body.toString());
    expect(violations('energy.chat.system-message.v1', published)).toEqual([]);
    expect(violations('energy.chat.system-message.v1', event)).toEqual([]);
    expect(violations('energy.chat.system-message.v1', { ...event, data: { texts: {} } })).not.toEqual([]);
  });
});
