import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { Conversation, Reset } from '@energy-chat/contract/conversation_pb.js';
import type { ChatError } from '../chat-error.js';
import type { PresenceNews, Typist, WatchListener, WatchStatus } from '../watch-listener.js';

/** Everything a watch tells, in order, one line each. */
export class Recorder implements WatchListener {
  private readonly lines: string[] = [];

  entry({ conversationId, seq }: Entry): void {
    this.lines.push(`${conversationId} ${seq}`);
  }

  conversation({ id, version }: Conversation): void {
    this.lines.push(`row ${id} ${version}`);
  }

  typing({ displayName }: Typist, typing: boolean): void {
    this.lines.push(`${displayName} ${typing ? 'types' : 'stopped'}`);
  }

  presence(news: PresenceNews): void {
    this.lines.push(`${news.kind} ${String(news.kind === 'support' ? news.available : news.online)}`);
  }

  caughtUp(epoch: string): void {
    this.lines.push(`caught up ${epoch}`);
  }

  reset({ conversationId, afterSeq }: Reset): void {
    this.lines.push(`reset ${conversationId} ${afterSeq}`);
  }

  status(status: WatchStatus): void {
    this.lines.push(status);
  }

  refused({ reason }: ChatError): void {
    this.lines.push(`refused ${reason}`);
  }

  /** And forgets it. */
  take(): string[] {
    return this.lines.splice(0);
  }

  /** Of one conversation's entries, forgetting everything. */
  takeSeqs(conversationId = 'c1'): number[] {
    return this.take()
      .filter((line) => line.startsWith(`${conversationId} `))
      .map((line) => Number(line.split(' ')[1]));
  }
}
