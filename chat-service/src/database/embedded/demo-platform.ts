import { rename, rm, stat } from 'node:fs/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { chunks, DEMO_DEVICES, DEMO_HOURS, DEMO_USERS, demoPasswordHash, demoReadings } from './demo-data.js';

/** As the reference platform's, whose collation finds `admin1` by `Admin1`. */
const TABLES = [
  `CREATE TABLE user (
    user_id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password TEXT NOT NULL,
    role INTEGER NOT NULL
  )`,
  `CREATE TABLE device (
    metering_device_id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL,
    description TEXT NOT NULL,
    max_hourly_consumption REAL NOT NULL,
    user_id INTEGER NOT NULL REFERENCES user
  )`,
  `CREATE TABLE consumption (
    consumption_id INTEGER PRIMARY KEY AUTOINCREMENT,
    energy_consumption REAL NOT NULL,
    metering_device_id INTEGER NOT NULL REFERENCES device,
    date TEXT NOT NULL,
    time TEXT NOT NULL
  )`,
];
const READING_INDEX = 'CREATE INDEX consumption_device ON consumption (metering_device_id, date, time)';

/** Makes the demo platform's file with readings up to now, unless it is there. It appears whole or not at all. */
export async function createDemoPlatform(file: string, hours = DEMO_HOURS): Promise<void> {
  if (await isThere(file)) return;
  const draft = `${file}.draft`;
  await rm(draft, { force: true });
  const source = await new DataSource({ type: 'better-sqlite3', database: draft }).initialize();
  try {
    await source.transaction(async (manager) => {
      for (const table of TABLES) await manager.query(table);
      await fillDemoPlatform(manager, new Date(), hours);
      await manager.query(READING_INDEX);
    });
  } finally {
    await source.destroy();
  }
  await rename(draft, file);
}

/** Fills the empty tables of the reference layout; `until` is the end of the readings. */
export async function fillDemoPlatform(manager: EntityManager, until: Date, hours: number): Promise<void> {
  const insert = async (table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]) => {
    const places = `(${columns.map(() => '?').join(', ')})`;
    const values = rows.map(() => places).join(', ');
    await manager.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${values}`, rows.flat());
  };
  const password = await demoPasswordHash();
  await insert(
    'user',
    ['user_id', 'username', 'password', 'role'],
    DEMO_USERS.map(({ id, login, role }) => [id, login, password, role]),
  );
  await insert(
    'device',
    ['metering_device_id', 'address', 'description', 'max_hourly_consumption', 'user_id'],
    DEMO_DEVICES.map((device) => [
      device.id,
      device.address,
      device.description,
      device.maxHourlyConsumption,
      device.userId,
    ]),
  );
  for (const rows of chunks(demoReadings(until, hours), 500)) {
    await insert('consumption', ['metering_device_id', 'energy_consumption', 'date', 'time'], rows);
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
