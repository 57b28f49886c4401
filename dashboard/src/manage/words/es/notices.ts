import type { notices as english } from "../en/notices";

export const notices: Record<keyof typeof english, string> = {
  notices: "Avisos",
  noticesHint: "Lo que falló en los programas del consultorio. Los gerentes también lo recibieron por correo.",
  noticesOpen: "Avisos: {count}",
  noNotices: "Nada que avisar. Lo que requiera a un gerente aparecerá aquí y se contará arriba en la pantalla.",
  "notice_webhook.dead": "No se pudieron entregar webhooks",
  "noticeText_webhook.dead": "Se dieron por perdidas entregas tras el último de 12 intentos. Revíselas, arregle el programa que las recibe y reenvíe.",
  "notice_webhook.disabled": "Se desactivó un destino de webhooks",
  "noticeText_webhook.disabled": "Respondió 410 o no aceptó nada en 5 días. No recibirá más eventos hasta que se active de nuevo.",
  noticeCount: "Hasta ahora {count}, primero {first}, último {last}",
  lookAtIt: "Revisar",
  acknowledge: "Visto",
  acknowledged: "Visto. Si vuelve a ocurrir, se le avisará de nuevo.",
};
