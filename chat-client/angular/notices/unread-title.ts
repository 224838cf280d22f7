import { DOCUMENT, inject, Injectable } from '@angular/core';
import { Title } from '@angular/platform-browser';

const SVG = 'data:image/svg+xml,';
const DOT = '<circle cx="78%" cy="22%" r="20%" fill="#c62828" stroke="#fff" stroke-width="4%"/>';

/** The tab's title with the number of unread messages before it, and a dot on its icon while there are any. */
@Injectable({ providedIn: 'root' })
export class UnreadTitle {
  private readonly document = inject(DOCUMENT);
  private readonly title = inject(Title);
  private plainIcon: string | undefined;

  /** `title` without the number; `unread` is whole and not negative. */
  show(title: string, unread: number): void {
    this.title.setTitle(unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${title}` : title);
    const link = this.document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (link === null) return;
    this.plainIcon ??= link.href;
    const icon = unread > 0 ? dotted(this.plainIcon) : this.plainIcon;
    if (link.href !== icon) link.href = icon;
  }
}

/** An icon that is no SVG in the page itself stays as it is. */
function dotted(icon: string): string {
  if (!icon.startsWith(SVG)) return icon;
  const drawing = decodeURIComponent(icon.slice(SVG.length));
  return SVG + encodeURIComponent(drawing.replace('</svg>', `${DOT}</svg>`));
}
