(function () {
  "use strict";
  var root = document.documentElement;
  var form = document.getElementById("ask");
  var place = document.getElementById("answer");

  function add(parent, tag, text, lang) {
    var made = document.createElement(tag);
    if (lang) { made.lang = lang; }
    if (text) { made.textContent = text; }
    return parent.appendChild(made);
  }
  function both(parent, tag, ru, en) {
    var made = add(parent, tag);
    add(made, "span", ru, "ru");
    add(made, "span", en, "en");
  }
  function begin(trouble) {
    place.textContent = "";
    place.className = trouble ? "trouble" : "";
    place.hidden = false;
  }
  function trouble(ru, en) {
    begin(true);
    both(place, "p", ru, en);
    place.focus();
  }
  function day(text, locale) {
    return new Date(text + "T12:00:00Z").toLocaleDateString(
      locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  }
  function phones(list, numbers) {
    numbers.forEach(function (phone) {
      var link = add(add(list, "dd"), "a", phone);
      link.href = "tel:" + phone;
    });
  }
  function show(status) {
    begin(false);
    both(place, "h2", status.stage_ru, status.stage_en);
    var list = add(place, "dl");
    both(list, "dt", "Что дальше", "What comes next");
    both(list, "dd", status.next_ru, status.next_en);
    if (status.by) {
      both(list, "dt", "До какого дня", "By when");
      both(list, "dd", day(status.by, "ru-RU"), day(status.by, "en-GB"));
    }
    if (status.late) {
      both(list, "dd", "Срок уже прошёл. Вы вправе пожаловаться на нарушение срока.",
        "This day has passed. You have the right to complain of the delay.");
    }
    if (status.appointment) {
      both(list, "dt", "Приём у специалиста", "Appointment with a specialist");
      both(list, "dd", status.appointment.when_ru, status.appointment.when_en);
      if (status.appointment.place) { add(list, "dd", status.appointment.place); }
      if (status.appointment.address) { add(list, "dd", status.appointment.address); }
      phones(list, status.appointment.phones);
    }
    if (status.institution) {
      both(list, "dt", "Ваше учреждение", "Your institution");
      add(list, "dd", status.institution);
    }
    if (status.phones.length || status.printed_phone) {
      both(list, "dt", "Куда звонить", "Whom to call");
      if (status.call && status.call !== status.institution) { add(list, "dd", status.call); }
      phones(list, status.phones);
    }
    if (status.printed_phone) {
      both(list, "dd", status.printed_phone + " (так напечатано в источнике)",
        status.printed_phone + " (as a source prints it)");
    }
    place.focus();
  }
  function answered(response) {
    if (response.ok) { return response.json().then(show); }
    if (response.status === 429) {
      var minutes = Math.ceil(Number(response.headers.get("Retry-After") || 60) / 60);
      return trouble("Слишком много вопросов подряд. Попробуйте через " + minutes + " мин.",
        "Too many questions in a row. Please try again in " + minutes + " min.");
    }
    if (response.status === 404 || response.status === 422) {
      return trouble("Дела с таким номером и кодом нет. Проверьте номер и код.",
        "There is no case with this number and code. Please check both.");
    }
    return trouble("Сейчас ответить не получается. Попробуйте позже.",
      "We cannot answer just now. Please try later.");
  }

  document.getElementById("switch").addEventListener("click", function () {
    var shown = root.dataset.shown === "ru" ? "en" : "ru";
    root.dataset.shown = shown;
    root.lang = shown;
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var button = form.querySelector("button[type=submit]");
    button.disabled = true;
    fetch("status", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ number: form.elements.number.value, code: form.elements.code.value })
    }).then(answered, function () { answered({ status: 0 }); })
      .then(function () { button.disabled = false; });
  });
})();
