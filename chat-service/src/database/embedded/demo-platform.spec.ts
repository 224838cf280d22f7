import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verify } from '@node-rs/bcrypt';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { chunks, DEMO_DEVICES, DEMO_PASSWORD, DEMO_SIGN_INS, demoReadings } from './demo-data.js';
import { createDemoPlatform } from './demo-platform.js';

describe('the demo platform', () => {
  let directory: string;
  let source: DataSource;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'demo-'));
    const file = join(directory, 'platform.sqlite');
    await createDemoPlatform(file);
    source = await new DataSource({ type: 'better-sqlite3', database: file, readonly: true }).initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await rm(directory, { recursive: true });
  });

  it('holds three administrators and eight clients, who sign in with the demo password', async () => {
    const users = await source.query<{ username: string; password: string; role: number }[]>('SELECT * FROM user');
    expect(users.filter(({ role }) => role === 1).map(({ username }) => username)).toEqual([
      'admin1',
      'admin2',
      'admin3',
    ]);
    expect(users.filter(({ role }) => role === 0)).toHaveLength(8);
    expect(DEMO_SIGN_INS.map(({ login }) => login)).toEqual(users.map(({ username }) => username));
    expect(DEMO_SIGN_INS.filter(({ who }) => who === 'supervisor').map(({ login }) => login)).toEqual(['admin3']);
    expect(users[0]?.password).toMatch(/^\$2a\$10\$/);
    expect(await verify(DEMO_PASSWORD, users[0]?.password ?? '')).toBe(true);
  });

  it('holds a year of hourly readings for every device, some over its limit', async () => {
    const devices = await source.query<{ hours: number; over: number }[]>(
      `SELECT count(*) AS hours, sum(energy_consumption > max_hourly_consumption) AS over, count(DISTINCT date || time) AS at
       FROM consumption JOIN device USING (metering_device_id) GROUP BY metering_device_id`,
    );
    expect(devices).toHaveLength(DEMO_DEVICES.length);
    for (const device of devices) {
      expect(device).toMatchObject({ hours: 8_760, at: 8_760 });
      expect(device.over).toBeGreaterThan(10);
      expect(device.over).toBeLessThan(200);
    }
    const [newest] = await source.query<{ at: string }[]>(
      "SELECT max(date || 'T' || time || 'Z') AS at FROM consumption",
    );
    const age = Date.now() - Date.parse(newest?.at ?? '');
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(3 * 3_600_000);
  });

  it('is made once: a second start leaves it alone, and half of one is never seen', async () => {
    const file = join(directory, 'platform.sqlite');
    const before = await stat(file);
    await createDemoPlatform(file);
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
    expect(await readdir(directory)).toEqual(['platform.sqlite']);
  });

  it('has the same readings for the same hours', () => {
    const until = new Date('2026-03-01T12:30:00Z');
    const readings = [...demoReadings(until, 2)];
    expect(readings).toEqual([...demoReadings(until, 2)]);
    expect(readings.slice(0, 2).map(([device, , date, time]) => [device, date, time])).toEqual([
      [1, '2026-03-01', '10:00:00'],
      [1, '2026-03-01', '11:00:00'],
    ]);
  });

  it('cuts rows into chunks', () => {
    expect([...chunks([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
    expect([...chunks([], 2)]).toEqual([]);
  });
});
