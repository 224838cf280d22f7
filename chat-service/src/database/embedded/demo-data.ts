import { hash } from '@node-rs/bcrypt';

/** The password of everybody on the demo platform. */
export const DEMO_PASSWORD = 'energy-demo';
/** What ROLE_MAP is for the reference platform's ordinals. */
export const DEMO_ROLE_MAP = '0=client,1=admin';
/** What SUPERVISORS is for the demo: admin3. */
export const DEMO_SUPERVISORS = '3';
/** Hours of readings: a year. */
export const DEMO_HOURS = 8_760;

export interface DemoUser {
  readonly id: number;
  readonly login: string;
  /** The platform's ordinal: 0 client, 1 admin. */
  readonly role: 0 | 1;
}

export interface DemoDevice {
  readonly id: number;
  readonly address: string;
  readonly description: string;
  readonly maxHourlyConsumption: number;
  readonly userId: number;
}

/** `[metering_device_id, energy_consumption, date, time]` */
export type DemoReading = readonly [deviceId: number, value: number, date: string, time: string];

/** Three administrators and eight clients. */
export const DEMO_USERS: readonly DemoUser[] = [
  ...[1, 2, 3].map((number) => ({ id: number, login: `admin${number}`, role: 1 as const })),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => ({ id: 3 + number, login: `client${number}`, role: 0 as const })),
];

/** One device for every client, and a second for every other one. */
export const DEMO_DEVICES: readonly DemoDevice[] = DEMO_USERS.filter(({ role }) => role === 0)
  .flatMap((user, index) => [
    { user, index, description: 'Main meter', limit: 3.5 },
    ...(index % 2 === 0 ? [{ user, index, description: 'Heat pump', limit: 2.5 }] : []),
  ])
  .map(({ user, index, description, limit }, position) => ({
    id: position + 1,
    address: `${index + 1} Demo Street`,
    description,
    maxHourlyConsumption: limit,
    userId: user.id,
  }));

/** What a portal's sign-in form takes on the demo platform. */
export const DEMO_SIGN_INS: readonly { login: string; password: string; who: string }[] = DEMO_USERS.map(
  ({ id, login, role }) => ({
    login,
    password: DEMO_PASSWORD,
    who: role === 0 ? 'client' : DEMO_SUPERVISORS === String(id) ? 'supervisor' : 'administrator',
  }),
);

/** BCrypt of cost 10 with the prefix that Spring writes. One hash serves all, since all share the password. */
export function demoPasswordHash(): Promise<string> {
  return hash(DEMO_PASSWORD, { cost: 10, version: '2a' });
}

/**
 * One reading per device and hour, the last of the hour before `until`: higher by day, highest in winter evenings, and
 * over the device's limit about once in 200 hours. The same for the same arguments.
 */
export function* demoReadings(until: Date, hours: number): Generator<DemoReading> {
  const last = Math.floor(until.getTime() / 3_600_000);
  for (const device of DEMO_DEVICES) {
    const random = mulberry32(device.id);
    for (let hour = last - hours; hour < last; hour += 1) {
      const at = new Date(hour * 3_600_000);
      const day = 1 + Math.sin(((at.getUTCHours() - 13) / 24) * 2 * Math.PI);
      const season = 1 + 0.4 * Math.cos(((at.getUTCMonth() + 0.5) / 12) * 2 * Math.PI);
      const usual = device.maxHourlyConsumption * (0.08 + 0.14 * day * season + 0.2 * random());
      const isOver = random() < 0.005;
      const value = isOver ? device.maxHourlyConsumption * (1.05 + random() * 0.5) : usual;
      const [date = '', time = ''] = at.toISOString().split('T');
      yield [device.id, Math.round(value * 1_000) / 1_000, date, time.slice(0, 8)];
    }
  }
}

/** Tommy Ettinger's mulberry32: numbers in [0, 1) that look random; for pictures, not for keys. */
export function mulberry32(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Slices of at most `size`, in order. */
export function* chunks<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
