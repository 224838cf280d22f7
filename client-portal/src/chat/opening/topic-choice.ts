import { Component, computed, inject, input } from '@angular/core';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { CaseTopic } from '@energy-chat/contract/case_pb.js';
import { unratedCase } from '../rating/unrated-case.js';

const TOPICS = [
  { topic: CaseTopic.BILL, name: 'bill' },
  { topic: CaseTopic.READING, name: 'reading' },
  { topic: CaseTopic.OUTAGE, name: 'outage' },
  { topic: CaseTopic.OTHER, name: 'other' },
] as const;

/** What the next message is about, while it would open a case. Nobody has to choose. */
@Component({
  selector: 'portal-topic-choice',
  template: `
    @if (opensCase()) {
      <fieldset>
        <legend>{{ texts.say('opening.topic') }}</legend>
        @for (each of topics; track each.topic) {
          <label>
            <input
              type="radio"
              name="topic"
              class="visually-hidden"
              [checked]="store().topic() === each.topic"
              (change)="store().topic.set(each.topic)"
            />
            <span>{{ texts.say('opening.topics.' + each.name) }}</span>
          </label>
        }
      </fieldset>
    }
  `,
  styleUrls: ['../../../../chat-client/angular/controls.css', './topic-choice.css'],
})
export class TopicChoice {
  readonly store = input.required<ConversationStore>();

  protected readonly texts = inject(Texts);
  protected readonly topics = TOPICS;
  protected readonly opensCase = computed(() => {
    const { row, pending, entries, draft } = this.store();
    if (row() === undefined || row()?.openCase !== undefined || pending().length > 0) return false;
    // Who is asked for a rating has another thing to do first, until they write.
    return draft() !== '' || unratedCase(entries()) === undefined;
  });
}
