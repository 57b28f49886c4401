export const notices = {
  notices: "Notices",
  noticesHint: "What went wrong for the practice's programs. Managers were told by e-mail, too.",
  noticesOpen: "Notices: {count}",
  noNotices: "Nothing to tell. What needs a manager's eye is listed here, and counted in the head of the screen.",
  "notice_webhook.dead": "Webhooks could not be delivered",
  "noticeText_webhook.dead": "Deliveries were given up after the last of 12 attempts. Look at them, mend the program that receives them, then replay.",
  "notice_webhook.disabled": "A webhook endpoint was disabled",
  "noticeText_webhook.disabled": "It answered 410, or has taken nothing for 5 days. It gets no more events until it is enabled again.",
  noticeCount: "So far {count}, first {first}, last {last}",
  lookAtIt: "Look at it",
  acknowledge: "Acknowledge",
  acknowledged: "Acknowledged. If it happens again, you are told again.",
} as const;
