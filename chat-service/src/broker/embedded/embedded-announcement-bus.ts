import type { Logger } from 'pino';
import type { Announcement } from '../../announcement/announcement.js';
import { AnnouncementBus, type Outcome } from '../../announcement/announcement-bus.port.js';

/**
 * Announcements within the process, for a deployment on a single machine that has no RabbitMQ: it keeps nothing, every
 * announcement counts as delivered once the subscribers of this process have seen it, and other services hear nothing.
 */
export class EmbeddedAnnouncementBus extends AnnouncementBus {
  private closed = false;

  constructor(
    private readonly log: Logger,
    private readonly onAnnouncement: readonly ((announcement: Announcement) => void)[] = [],
  ) {
    super();
  }

  override async publish(announcements: readonly Announcement[]): Promise<Outcome[]> {
    return Promise.resolve(announcements.map((announcement) => this.deliver(announcement)));
  }

  override async close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private deliver(announcement: Announcement): Outcome {
    if (this.closed) return 'failed';
    for (const subscriber of this.onAnnouncement) {
      try {
        subscriber(announcement);
      } catch (error) {
        this.log.error({ err: error, announcement: announcement.id }, 'a subscriber failed on an announcement');
      }
    }
    return 'delivered';
  }
}
