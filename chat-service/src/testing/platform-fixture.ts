import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { fillDemoPlatform } from '../database/embedded/demo-platform.js';

/** The reference platform's layout and collation, as its backend makes them. */
const TABLES = [
  `CREATE TABLE user (
    user_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username VARCHAR(255) NOT NULL UNIQUE,
    password VARCHAR(255) NOT NULL,
    role INT NOT NULL
  )`,
  `CREATE TABLE device (
    metering_device_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    address VARCHAR(255) NOT NULL,
    description VARCHAR(255) NOT NULL,
    max_hourly_consumption FLOAT NOT NULL,
    user_id BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES user (user_id)
  )`,
  `CREATE TABLE consumption (
    consumption_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    energy_consumption FLOAT NOT NULL,
    metering_device_id BIGINT NOT NULL,
    date DATE NOT NULL,
    time TIME NOT NULL,
    FOREIGN KEY (metering_device_id) REFERENCES device (metering_device_id)
  )`,
];

export interface PlatformFixture {
  /** The platform's schema by an account that can only SELECT. */
  readonly url: string;
  /** Runs SQL in the platform's schema as its owner: what the platform itself would do. */
  run(sql: string, parameters?: readonly unknown[]): Promise<unknown>;
  /** Drops the schema and the account. */
  close(): Promise<void>;
}

/**
 * Makes a platform on a real server, under names of its own: the demo's people and devices, and `hours` of readings.
 * `adminUrl` is of an account that may create schemas and accounts.
 */
export async function createPlatformFixture(adminUrl: string, hours = 48): Promise<PlatformFixture> {
  const name = `platform_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const admin = await new DataSource({ type: 'mysql', url: adminUrl }).initialize();
  try {
    await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    await admin.query(`CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'`);
    await admin.query(`GRANT SELECT ON ${name}.* TO '${name}'@'%'`);
  } finally {
    await admin.destroy();
  }

  const ownerUrl = new URL(adminUrl);
  ownerUrl.pathname = `/${name}`;
  const owner = await new DataSource({ type: 'mysql', url: ownerUrl.href, timezone: 'Z' }).initialize();
  for (const table of TABLES) await owner.query(table);
  await owner.transaction((manager) => fillDemoPlatform(manager, new Date(), hours));

  const url = new URL(ownerUrl);
  url.username = name;
  url.password = password;
  return {
    url: url.href,
    run: (sql, parameters = []) => owner.query(sql, [...parameters]),
    close: async () => {
      await owner.query(`DROP DATABASE ${name}`);
      await owner.query(`DROP USER '${name}'@'%'`);
      await owner.destroy();
    },
  };
}
