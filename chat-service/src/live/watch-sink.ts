import type { ChatError } from '../chat-error.js';

/** One open stream, as the watch sees it. */
export interface WatchSink {
  /** Hands over one encoded event; false: wait for `drained` before the next. */
  write(event: Uint8Array): boolean;
  /** Ends when the stream takes more, or is closed. */
  drained(): Promise<void>;
  /** Closes the stream, with an error or without. */
  end(error?: ChatError): void;
}
