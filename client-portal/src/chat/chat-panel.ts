import type { ElementRef } from '@angular/core';
import { afterRenderEffect, Component, computed, inject, inputBinding, untracked, viewChild } from '@angular/core';
import { Composer } from '@energy-chat/client/angular/composer/composer.js';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { ConnectionNotice } from '@energy-chat/client/angular/connection/connection-notice.js';
import { Icon } from '@energy-chat/client/angular/icon/icon.js';
import { Later } from '@energy-chat/client/angular/later/later.js';
import type { LaterPart } from '@energy-chat/client/angular/later/later.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { NoticeOffer } from '@energy-chat/client/angular/notices/notice-offer.js';
import { NoticeSwitch } from '@energy-chat/client/angular/notices/notice-switch.js';
import { Thread } from '@energy-chat/client/angular/thread/thread.js';
import { MyConversation } from './my-conversation.js';
import { Acknowledgement } from './opening/acknowledgement.js';
import { TopicChoice } from './opening/topic-choice.js';
import { PanelState } from './panel-state.js';
import { unratedCase } from './rating/unrated-case.js';

/** The chat with support: over the page on a wide screen, in its place on a phone. */
@Component({
  selector: 'portal-chat-panel',
  imports: [Acknowledgement, Composer, ConnectionNotice, Icon, Later, NoticeOffer, NoticeSwitch, Thread, TopicChoice],
  templateUrl: './chat-panel.html',
  styleUrls: ['../../../chat-client/angular/controls.css', './chat-panel.css'],
})
export class ChatPanel {
  protected readonly texts = inject(Texts);
  protected readonly state = inject(PanelState);
  protected readonly conversation = inject(MyConversation);
  private readonly me = inject(ChatConnection).me;
  private readonly frame = viewChild.required<ElementRef<HTMLElement>>('frame');
  private readonly composer = viewChild(Composer);

  protected readonly name = computed(() => this.me()?.displayName ?? '');
  protected readonly isThere = computed(() => this.conversation.store()?.otherSideThere());
  protected readonly presence = computed(() => {
    const isThere = this.isThere();
    if (isThere === undefined) return '';
    return this.texts.say(isThere ? 'chat.there' : 'chat.away');
  });

  protected readonly isRatingAsked = computed(
    () => unratedCase(this.conversation.store()?.entries() ?? []) !== undefined,
  );
  protected readonly caseRating = async (): Promise<LaterPart> => {
    const { CaseRating } = await import('./rating/case-rating.js');
    return { component: CaseRating, bindings: [inputBinding('store', this.conversation.store)] };
  };

  constructor() {
    afterRenderEffect(() => {
      const composer = this.composer();
      untracked(() => this.focusInside(composer));
    });
  }

  /** In the composer, as soon as there is one, unless its person has gone elsewhere meanwhile. */
  private focusInside(composer: Composer | undefined): void {
    const frame = this.frame().nativeElement;
    const { activeElement } = document;
    if (frame.contains(activeElement) && activeElement !== frame) return;
    // A keyboard that comes up by itself would hide half of the thread.
    if (composer === undefined || matchMedia('(pointer: coarse)').matches) frame.focus({ preventScroll: true });
    else composer.focus();
  }
}
