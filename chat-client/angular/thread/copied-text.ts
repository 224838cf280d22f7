import type { Line } from './lines.js';

/** A line of the thread as it is copied. */
export interface CopiedLine {
  readonly line: Line;
  /** What is selected of it. */
  readonly selected: string;
}

/**
 * What the selection holds, line by line. `items` are the elements of `lines`, in their order; of a message only its
 * text counts, from where the selection begins to where it ends.
 */
export function selectedLines(range: Range, items: ArrayLike<Element>, lines: readonly Line[]): readonly CopiedLine[] {
  return lines.flatMap((line, index) => {
    const item = items[index];
    const element = line.kind === 'message' || line.kind === 'system' ? item?.querySelector('chat-message-text') : item;
    if (element == null || !range.intersectsNode(element)) return [];
    const part = document.createRange();
    part.selectNodeContents(element);
    if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0)
      part.setStart(range.startContainer, range.startOffset);
    if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
    const selected = part.toString().trim();
    return selected === '' ? [] : [{ line, selected }];
  });
}

/** Whether it is more than a piece of one message, which is copied as it is. */
export function isConversation(copied: readonly CopiedLine[]): boolean {
  return copied.filter(({ line }) => line.kind === 'message' || line.kind === 'system').length > 1;
}
