import type { Notice as NoticeDocument } from '../generated/notice.ts';
import { isoTime } from '../model/iso-time.ts';
import type { Notice } from '../model/notice.ts';

/** A notice as a document: schemas/notice.schema.json. */
export function noticeDocument(notice: Notice): NoticeDocument {
  const { id, event, tone, at, fleet, application, service, slot, host, commit } = notice;
  const { origin, actor, message, reason, resolves, reminds } = notice;
  return {
    version: 1,
    id,
    event,
    tone,
    at: isoTime(at),
    fleet,
    application,
    service,
    slot,
    host,
    commit,
    origin: origin === null ? null : { ...origin },
    actor,
    message,
    reason,
    resolves,
    reminds,
  };
}
