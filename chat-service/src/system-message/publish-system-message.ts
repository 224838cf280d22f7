import { ChatError } from '../chat-error.js';
import type { Entry } from '../conversation/entry.js';
import { newId } from '../conversation/new-id.js';
import type { DeliverSystemMessage } from './deliver-system-message.js';
import type { Notices } from './notices.port.js';
import type { ServiceAccount, ServiceAccounts, Source } from './service-accounts.js';
import type { SourceQuota } from './source-quota.port.js';
import { checkedSystemEvent, type Recipient, type SystemEvent } from './system-event.js';

/** By which door an event came. A broker delivers again what it delivered before: that is not counted twice. */
export interface Door {
  readonly kind: 'grpc' | 'broker';
  readonly redelivered: boolean;
}

/**
 * Takes a system message, by whichever door. To one recipient it is written now; to more it is stored as a notice and
 * written in the background. OK means committed, and any number of tries has one effect per recipient.
 */
export class PublishSystemMessage {
  constructor(
    private readonly sources: Pick<ServiceAccounts, 'source'>,
    private readonly quota: SourceQuota,
    private readonly deliver: DeliverSystemMessage,
    private readonly notices: Notices,
    private readonly settings: { readonly defaultLanguage: string; readonly onNotice: () => void },
  ) {}

  /**
   * The entry where there is one recipient. Throws SOURCE_NOT_ALLOWED, INVALID_FIELD, MESSAGE_TOO_LONG, OVER_QUOTA,
   * RECIPIENT_UNKNOWN; UNAVAILABLE while the log or the platform is away.
   */
  async run(event: SystemEvent, door: Door): Promise<Entry | null> {
    const source = this.sources.source(event.source);
    if (source === undefined) throw sourceNotAllowed(event.source);
    const { recipients, ...notice } = checkedSystemEvent(event, this.settings.defaultLanguage);
    if (!door.redelivered) await this.takeQuota(source, recipients.length);
    const [only, ...others] = recipients;
    if (only !== undefined && others.length === 0) return this.deliverTo(notice, source, only);
    const wantsDeadLetter = door.kind === 'broker';
    await this.notices.add({ id: newId(), event: notice, shownName: source.shownName, wantsDeadLetter }, recipients);
    this.settings.onNotice();
    return null;
  }

  private async deliverTo(
    event: Omit<SystemEvent, 'recipients'>,
    source: Source,
    recipient: Recipient,
  ): Promise<Entry> {
    const entry = await this.deliver.run(event, source.shownName, recipient);
    if (entry !== undefined) return entry;
    const words = { client_id: 'the id', login: 'the login', device_id: 'the device' }[recipient.by];
    throw new ChatError(
      'not-found',
      'RECIPIENT_UNKNOWN',
      `The platform has no client by ${words} "${recipient.value}". Nothing was written.`,
      { facts: { recipient: `${recipient.by}:${recipient.value}` } },
    );
  }

  private async takeQuota({ name, recipientsPerHour }: Source, recipients: number): Promise<void> {
    const retryAfterMs = await this.quota.take(name, recipients, recipientsPerHour);
    if (retryAfterMs === undefined) return;
    throw new ChatError(
      'resource-exhausted',
      'OVER_QUOTA',
      `${name} may reach ${recipientsPerHour} recipients an hour and has done so. Send it again in the next hour, or raise recipientsPerHour.`,
      { retryAfterMs },
    );
  }
}

/** The source that an account speaks for. Throws SOURCE_NOT_ALLOWED. */
export function sourceOf(account: ServiceAccount, source: string): string {
  if (!account.sources.includes(source)) throw sourceNotAllowed(source);
  return source;
}

function sourceNotAllowed(source: string): ChatError {
  return new ChatError(
    'permission-denied',
    'SOURCE_NOT_ALLOWED',
    `"${source}" is no source that may speak here. Whoever runs the chat adds it with npm run service-account.`,
  );
}
