import { Component, computed, inject, input } from '@angular/core';
import { Linkifier } from './linkifier.js';

/** What somebody wrote: as text with its line breaks, never as HTML, with addresses that open in a new page. */
@Component({
  selector: 'chat-message-text',
  // Angular leaves out the white space between these tags: what is shown has the spaces of the text, and no others.
  template: `@for (part of parts(); track $index) {
    @if (part.href; as href) {
      <a dir="ltr" [href]="href" target="_blank" rel="noopener noreferrer nofollow">{{ part.text }}</a>
    } @else {
      <ng-container>{{ part.text }}</ng-container>
    }
  }`,
  styleUrl: './message-text.css',
  host: { dir: 'auto' },
})
export class MessageText {
  readonly text = input.required<string>();
  private readonly linkifier = inject(Linkifier);
  protected readonly parts = computed(() => this.linkifier.partsOf(this.text()));
}
