import type { Config } from '../config.js';
import type { People } from '../identity/people.port.js';
import { admittedPerson } from '../identity/person-record.js';
import { Recipients } from '../system-message/recipients.port.js';
import type { Recipient } from '../system-message/system-event.js';
import { textOf } from './person-row.js';
import type { PlatformDatabase } from './platform-database.js';

/** Clients by the operator's SELECTs. */
export class PlatformRecipients extends Recipients {
  constructor(
    private readonly people: People,
    private readonly platform: PlatformDatabase,
    private readonly settings: Pick<Config, 'DEVICE_OWNER'>,
  ) {
    super();
  }

  override async find({ by, value }: Recipient) {
    const person = admittedPerson(await this.record(by, value));
    return person?.role === 'client' ? person : undefined;
  }

  private async record(by: Recipient['by'], value: string) {
    if (by === 'login') return this.people.findByLogin(value);
    const id = by === 'client_id' ? value : await this.ownerOf(value);
    return id === undefined ? undefined : this.people.findById(id);
  }

  /** Exactly this device: MySQL compares a number's column with `7x` as if it were 7. */
  private async ownerOf(deviceId: string): Promise<string | undefined> {
    const rows = await this.platform.select(this.settings.DEVICE_OWNER, deviceId);
    return textOf(rows.find((row) => textOf(row['device_id']) === deviceId)?.['client_id']);
  }
}
