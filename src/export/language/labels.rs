//! Every word that people read, in the ten languages of the config: the one table.
//!
//! A row has exactly ten texts in the order of [`LANGUAGES`], so a language that lacks one does not
//! compile; that none is empty and that all have the same gaps (`{}`) is tested. Texts begin small where
//! a sentence may go on; headings are capitalised where they are written. The terms are those of the
//! trade (captures, chargebacks, settlements) as Amazon's and banks' pages in each country use them;
//! names of Amazon's own (A-to-z, SHA-256) stay.

use crate::config::Language;

/// The order of the columns of the table.
pub(in crate::export) const LANGUAGES: [Language; 10] = [
    Language::En,
    Language::Fr,
    Language::De,
    Language::It,
    Language::Es,
    Language::Nl,
    Language::Sv,
    Language::Pt,
    Language::Hu,
    Language::Da,
];

macro_rules! labels {
    ($($name:ident: $texts:expr;)+) => {
        /// A text of the table, by its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is its English text below")]
        pub(in crate::export) enum Label {
            $($name),+
        }

        impl Label {
            /// Every label and its name, in the order of the table.
            pub(in crate::export) const ALL: &'static [(Label, &'static str)] = &[$((Label::$name, stringify!($name))),+];

            /// Its ten texts.
            pub(in crate::export) const fn texts(self) -> [&'static str; 10] {
                match self {
                    $(Label::$name => $texts),+
                }
            }
        }
    };
}

labels! {
    // The title and what is covered.
    Statement: ["Amazon Pay statement", "Relevé Amazon Pay", "Amazon-Pay-Abrechnung", "Estratto conto Amazon Pay", "Extracto de Amazon Pay", "Amazon Pay-overzicht", "Amazon Pay-kontoutdrag", "Extrato Amazon Pay", "Amazon Pay-kivonat", "Amazon Pay-kontoudtog"];
    OneSettlement: ["settlement {}", "règlement {}", "Abrechnung {}", "liquidazione {}", "liquidación {}", "afrekening {}", "avräkning {}", "liquidação {}", "{} elszámolás", "afregning {}"];
    Period: ["period", "période", "Zeitraum", "periodo", "periodo", "periode", "period", "período", "időszak", "periode"];
    FromUntil: ["from {} until {} (exclusive)", "du {} au {} (exclu)", "von {} bis {} (ausschließlich)", "dal {} al {} (escluso)", "del {} al {} (excluido)", "van {} tot {} (niet inbegrepen)", "från {} till {} (exklusive)", "de {} a {} (exclusive)", "{} – {} (a végpont nélkül)", "fra {} til {} (eksklusive)"];
    ByPosting: ["by posting date", "par date de comptabilisation", "nach Buchungsdatum", "per data di registrazione", "por fecha de contabilización", "op boekingsdatum", "efter bokföringsdatum", "por data de lançamento", "könyvelési dátum szerint", "efter bogføringsdato"];
    BySettlement: ["by settlement end", "par fin de règlement", "nach Ende der Abrechnung", "per fine della liquidazione", "por fin de liquidación", "op einde van de afrekening", "efter avräkningens slut", "por fim da liquidação", "az elszámolás vége szerint", "efter afregningens slutning"];
    ByPayout: ["by payout date", "par date de versement", "nach Auszahlungsdatum", "per data di accredito", "por fecha de transferencia", "op uitbetalingsdatum", "efter utbetalningsdatum", "por data de transferência", "kifizetési dátum szerint", "efter udbetalingsdato"];
    NothingOfIt: ["nothing is known of it", "rien n’en est connu", "darüber ist nichts bekannt", "non se ne sa nulla", "no se sabe nada de él", "er is niets over bekend", "inget är känt om det", "nada se sabe dele", "semmi sem ismert róla", "intet vides om den"];
    FullyCovered: ["fully covered", "entièrement couvert", "vollständig abgedeckt", "interamente coperto", "cubierto por completo", "volledig gedekt", "helt täckt", "totalmente coberto", "teljesen lefedve", "fuldt dækket"];
    IncompleteOther: ["incomplete: nothing is known of another account", "incomplet : rien n’est connu d’un autre compte", "unvollständig: über ein anderes Konto ist nichts bekannt", "incompleto: di un altro conto non si sa nulla", "incompleto: no se sabe nada de otra cuenta", "onvolledig: over een andere rekening is niets bekend", "ofullständigt: inget är känt om ett annat konto", "incompleto: nada se sabe de outra conta", "hiányos: egy másik számláról semmi sem ismert", "ufuldstændig: intet vides om en anden konto"];
    IncompleteKnown: ["incomplete: known from {} until {}", "incomplet : connu du {} au {}", "unvollständig: bekannt von {} bis {}", "incompleto: noto dal {} al {}", "incompleto: conocido del {} al {}", "onvolledig: bekend van {} tot {}", "ofullständigt: känt från {} till {}", "incompleto: conhecido de {} a {}", "hiányos: ismert {} – {}", "ufuldstændig: kendt fra {} til {}"];
    NothingKnown: ["nothing is known", "rien n’est connu", "nichts ist bekannt", "nulla è noto", "no se sabe nada", "er is niets bekend", "inget är känt", "nada se sabe", "semmi sem ismert", "intet vides"];
    Cut: ["cut", "délimité", "abgegrenzt", "delimitato", "delimitado", "afgebakend", "avgränsat", "delimitado", "elhatárolva", "afgrænset"];
    TimeZone: ["time zone", "fuseau horaire", "Zeitzone", "fuso orario", "zona horaria", "tijdzone", "tidszon", "fuso horário", "időzóna", "tidszone"];
    Account: ["account", "compte", "Konto", "conto", "cuenta", "rekening", "konto", "conta", "számla", "konto"];
    Accounts: ["accounts", "comptes", "Konten", "conti", "cuentas", "rekeningen", "konton", "contas", "számlák", "konti"];
    Currency: ["currency", "devise", "Währung", "valuta", "moneda", "valuta", "valuta", "moeda", "pénznem", "valuta"];
    Coverage: ["coverage", "couverture", "Abdeckung", "copertura", "cobertura", "dekking", "täckning", "cobertura", "lefedettség", "dækning"];

    // The figures of an account.
    Rows: ["rows", "lignes", "Zeilen", "righe", "líneas", "regels", "rader", "linhas", "sorok", "linjer"];
    Gross: ["gross", "brut", "brutto", "lordo", "bruto", "bruto", "brutto", "bruto", "bruttó", "brutto"];
    PercentFees: ["% fees", "frais en %", "%-Gebühren", "commissioni in %", "comisiones en %", "kosten in %", "avgifter i %", "comissões em %", "%-os díjak", "gebyrer i %"];
    FixedFees: ["fixed fees", "frais fixes", "feste Gebühren", "commissioni fisse", "comisiones fijas", "vaste kosten", "fasta avgifter", "comissões fixas", "fix díjak", "faste gebyrer"];
    Fees: ["fees", "frais", "Gebühren", "commissioni", "comisiones", "kosten", "avgifter", "comissões", "díjak", "gebyrer"];
    Net: ["net", "net", "netto", "netto", "neto", "netto", "netto", "líquido", "nettó", "netto"];
    Amount: ["amount", "montant", "Betrag", "importo", "importe", "bedrag", "belopp", "montante", "összeg", "beløb"];
    Opening: ["opening balance", "solde d’ouverture", "Anfangssaldo", "saldo iniziale", "saldo inicial", "beginsaldo", "ingående saldo", "saldo inicial", "nyitó egyenleg", "primosaldo"];
    Closing: ["closing balance", "solde de clôture", "Endsaldo", "saldo finale", "saldo final", "eindsaldo", "utgående saldo", "saldo final", "záró egyenleg", "ultimosaldo"];
    FromHistory: ["from earlier settlements", "d’après les règlements antérieurs", "aus früheren Abrechnungen", "dalle liquidazioni precedenti", "de liquidaciones anteriores", "uit eerdere afrekeningen", "från tidigare avräkningar", "de liquidações anteriores", "korábbi elszámolásokból", "fra tidligere afregninger"];
    AsConfigured: ["as configured", "selon la configuration", "wie eingestellt", "come configurato", "según la configuración", "zoals ingesteld", "enligt inställningen", "conforme configurado", "a beállítás szerint", "som indstillet"];
    AsFirstOpens: ["as the first known settlement opens", "selon l’ouverture du premier règlement connu", "wie die erste bekannte Abrechnung beginnt", "come apre la prima liquidazione nota", "como abre la primera liquidación conocida", "zoals de eerste bekende afrekening opent", "så som den första kända avräkningen öppnar", "como abre a primeira liquidação conhecida", "ahogy az első ismert elszámolás nyit", "som den første kendte afregning åbner"];
    PriorPeriod: ["adjustments of closed months", "régularisations de mois clos", "Korrekturen abgeschlossener Monate", "rettifiche di mesi chiusi", "ajustes de meses cerrados", "correcties van afgesloten maanden", "justeringar av stängda månader", "ajustes de meses fechados", "lezárt hónapok kiigazításai", "justeringer af lukkede måneder"];
    ClosedBalance: ["balance as closed, {}", "solde tel que clos, {}", "Saldo laut Abschluss, {}", "saldo alla chiusura, {}", "saldo según el cierre, {}", "saldo volgens afsluiting, {}", "saldo enligt stängningen, {}", "saldo conforme o fecho, {}", "lezárás szerinti egyenleg, {}", "saldo ifølge lukningen, {}"];
    FirstBalance: ["balance before the first settlement", "solde avant le premier règlement", "Saldo vor der ersten Abrechnung", "saldo prima della prima liquidazione", "saldo antes de la primera liquidación", "saldo vóór de eerste afrekening", "saldo före den första avräkningen", "saldo antes da primeira liquidação", "az első elszámolás előtti egyenleg", "saldo før den første afregning"];
    ClosedOn: ["closed on {}", "clos le {}", "abgeschlossen am {}", "chiuso il {}", "cerrado el {}", "afgesloten op {}", "stängd den {}", "fechado em {}", "lezárva: {}", "lukket den {}"];
    SealedBy: ["sealed by the close of {} on {}", "scellé par la clôture de {} le {}", "versiegelt durch den Abschluss von {} am {}", "sigillato dalla chiusura di {} il {}", "sellado por el cierre de {} el {}", "verzegeld door de afsluiting van {} op {}", "förseglad genom stängningen av {} den {}", "selado pelo fecho de {} em {}", "{} lezárása által rögzítve: {}", "forseglet ved lukningen af {} den {}"];
    OfWhichReserve: ["of which reserve", "dont réserve", "davon Reserve", "di cui riserva", "de ello, reserva", "waarvan reserve", "varav reserv", "dos quais reserva", "ebből tartalék", "heraf reserve"];
    WasAtBeginning: ["was {} at the beginning", "{} au début", "zu Beginn {}", "all’inizio {}", "al principio {}", "in het begin {}", "{} vid början", "{} no início", "az elején {}", "{} ved begyndelsen"];
    Unexplained: ["unexplained", "inexpliqué", "ungeklärt", "non spiegato", "sin explicar", "onverklaard", "oförklarat", "inexplicado", "megmagyarázatlan", "uforklaret"];
    ChainBreaks: ["the chain breaks, see below", "la chaîne est rompue, voir plus bas", "die Kette bricht, siehe unten", "la catena si interrompe, vedi sotto", "la cadena se rompe, véase abajo", "de keten breekt, zie hieronder", "kedjan bryts, se nedan", "a cadeia quebra-se, ver abaixo", "a lánc megszakad, lásd alább", "kæden brydes, se nedenfor"];
    UnknownCounted: ["unknown type `{}`: {} row(s), net {}, counted above", "type inconnu `{}` : {} ligne(s), net {}, compté ci-dessus", "unbekannte Art `{}`: {} Zeile(n), netto {}, oben mitgezählt", "tipo sconosciuto `{}`: {} riga/righe, netto {}, conteggiato sopra", "tipo desconocido `{}`: {} línea(s), neto {}, contado arriba", "onbekend type `{}`: {} regel(s), netto {}, hierboven meegeteld", "okänd typ `{}`: {} rad(er), netto {}, medräknad ovan", "tipo desconhecido `{}`: {} linha(s), líquido {}, contado acima", "ismeretlen típus `{}`: {} sor, nettó {}, fent beszámítva", "ukendt type `{}`: {} linje(r), netto {}, talt med ovenfor"];
    Other: ["other", "autres", "Sonstiges", "altro", "otros", "overig", "övrigt", "outros", "egyéb", "andet"];
    Total: ["total", "total", "Summe", "totale", "total", "totaal", "summa", "total", "összesen", "i alt"];

    // The kinds of rows.
    Captures: ["captures", "encaissements", "Einzüge", "incassi", "cobros", "incasso’s", "debiteringar", "cobranças", "beszedések", "hævninger"];
    Refunds: ["refunds", "remboursements", "Erstattungen", "rimborsi", "reembolsos", "terugbetalingen", "återbetalningar", "reembolsos", "visszatérítések", "refusioner"];
    Authorizations: ["authorizations", "autorisations", "Autorisierungen", "autorizzazioni", "autorizaciones", "autorisaties", "auktoriseringar", "autorizações", "engedélyezések", "autorisationer"];
    Claims: ["A-to-z claims", "réclamations Garantie A à Z", "A-bis-z-Garantieanträge", "reclami Garanzia dalla A alla Z", "reclamaciones de la Garantía de la A a la Z", "A-tot-z-garantieclaims", "A-till-Ö-garantianspråk", "reclamações da Garantia de A a Z", "A–Z garanciaigények", "A-til-z-garantikrav"];
    Chargebacks: ["chargebacks", "rétrofacturations", "Rückbuchungen", "storni di addebito", "contracargos", "terugboekingen", "återkrav", "estornos", "visszaterhelések", "tilbageførsler"];
    DisputeRows: ["disputes", "litiges", "Streitfälle", "contestazioni", "disputas", "geschillen", "tvister", "disputas", "viták", "tvister"];
    Adjustments: ["adjustments", "ajustements", "Korrekturen", "rettifiche", "ajustes", "correcties", "justeringar", "ajustes", "kiigazítások", "justeringer"];
    Debts: ["debts", "dettes", "Schuldbeträge", "debiti", "deudas", "schulden", "skulder", "dívidas", "tartozások", "gæld"];
    Unknowns: ["unknown types", "types inconnus", "unbekannte Arten", "tipi sconosciuti", "tipos desconocidos", "onbekende typen", "okända typer", "tipos desconhecidos", "ismeretlen típusok", "ukendte typer"];
    Payouts: ["payouts", "versements", "Auszahlungen", "accrediti in banca", "transferencias", "uitbetalingen", "utbetalningar", "transferências", "kifizetések", "udbetalinger"];
    Reserves: ["reserve", "réserve", "Reserve", "riserva", "reserva", "reserve", "reserv", "reserva", "tartalék", "reserve"];
    Carryovers: ["carry-overs", "soldes reportés", "Saldovorträge", "saldi riportati", "saldos arrastrados", "overgedragen saldi", "överförda saldon", "saldos transitados", "átvitt egyenlegek", "overførte saldi"];

    // Payouts and settlements.
    PayoutPosted: ["payout posted", "versement comptabilisé", "Auszahlung gebucht", "accredito registrato", "transferencia contabilizada", "uitbetaling geboekt", "utbetalning bokförd", "transferência lançada", "kifizetés könyvelve", "udbetaling bogført"];
    Settlement: ["settlement", "règlement", "Abrechnung", "liquidazione", "liquidación", "afrekening", "avräkning", "liquidação", "elszámolás", "afregning"];
    Settlements: ["settlements", "règlements", "Abrechnungen", "liquidazioni", "liquidaciones", "afrekeningen", "avräkningar", "liquidações", "elszámolások", "afregninger"];
    SettlementsNote: ["their net includes reserve and payouts", "leur net comprend la réserve et les versements", "ihr Netto enthält Reserve und Auszahlungen", "il loro netto comprende riserva e accrediti", "su neto incluye la reserva y las transferencias", "hun netto bevat reserve en uitbetalingen", "deras netto omfattar reserv och utbetalningar", "o seu líquido inclui reserva e transferências", "nettójuk a tartalékot és a kifizetéseket is tartalmazza", "deres netto omfatter reserve og udbetalinger"];
    NoRows: ["(no rows)", "(aucune ligne)", "(keine Zeilen)", "(nessuna riga)", "(sin líneas)", "(geen regels)", "(inga rader)", "(sem linhas)", "(nincs sor)", "(ingen linjer)"];
    From: ["from", "du", "von", "dal", "del", "van", "från", "de", "kezdete", "fra"];
    Until: ["until", "au", "bis", "al", "al", "tot", "till", "a", "vége", "til"];
    InPeriodRows: ["in period: rows", "dans la période : lignes", "im Zeitraum: Zeilen", "nel periodo: righe", "en el periodo: líneas", "in de periode: regels", "i perioden: rader", "no período: linhas", "az időszakban: sorok", "i perioden: linjer"];
    InPeriodNet: ["net in period", "net dans la période", "netto im Zeitraum", "netto nel periodo", "neto en el periodo", "netto in de periode", "netto i perioden", "líquido no período", "nettó az időszakban", "netto i perioden"];
    BankReference: ["bank reference", "référence bancaire", "Bankreferenz", "riferimento bancario", "referencia bancaria", "bankreferentie", "bankreferens", "referência bancária", "banki hivatkozás", "bankreference"];
    Source: ["source", "source", "Quelle", "origine", "origen", "bron", "källa", "origem", "forrás", "kilde"];
    Gap: ["no settlement is known from {} until {}", "aucun règlement connu du {} au {}", "keine Abrechnung bekannt von {} bis {}", "nessuna liquidazione nota dal {} al {}", "no se conoce liquidación del {} al {}", "geen afrekening bekend van {} tot {}", "ingen avräkning känd från {} till {}", "nenhuma liquidação conhecida de {} a {}", "nincs ismert elszámolás: {} – {}", "ingen afregning kendt fra {} til {}"];

    // Reconciliation with the bank.
    Reconciliation: ["reconciliation", "rapprochement", "Abstimmung", "riconciliazione", "conciliación", "afstemming", "avstämning", "reconciliação", "egyeztetés", "afstemning"];
    BankState: ["at the bank", "en banque", "bei der Bank", "in banca", "en el banco", "bij de bank", "hos banken", "no banco", "a banknál", "i banken"];
    Matched: ["matched", "rapproché", "zugeordnet", "abbinato", "conciliado", "gekoppeld", "matchad", "reconciliado", "párosítva", "matchet"];
    Ambiguous: ["ambiguous", "ambigu", "mehrdeutig", "ambiguo", "ambiguo", "meerduidig", "tvetydig", "ambíguo", "nem egyértelmű", "tvetydig"];
    AmountDiffers: ["amount differs", "montant différent", "Betrag weicht ab", "importo diverso", "importe distinto", "bedrag wijkt af", "beloppet avviker", "montante diferente", "eltérő összeg", "beløbet afviger"];
    InTransit: ["in transit", "en transit", "unterwegs", "in transito", "en tránsito", "onderweg", "på väg", "em trânsito", "úton", "undervejs"];
    Missing: ["missing", "manquant", "fehlt", "mancante", "falta", "ontbreekt", "saknas", "em falta", "hiányzik", "mangler"];
    NotReconciled: ["not reconciled", "non rapproché", "nicht abgestimmt", "non riconciliato", "sin conciliar", "niet afgestemd", "ej avstämd", "não reconciliado", "nincs egyeztetve", "ikke afstemt"];
    NotReconciledNote: ["The bank’s statements were not part of this run.", "Les relevés bancaires n’ont pas été utilisés ici.", "Kontoauszüge der Bank gehörten nicht zu diesem Lauf.", "Gli estratti conto bancari non facevano parte di questa esecuzione.", "Los extractos bancarios no formaron parte de esta ejecución.", "Bankafschriften maakten geen deel uit van deze run.", "Bankens kontoutdrag ingick inte i denna körning.", "Os extratos bancários não fizeram parte desta execução.", "A banki kivonatok nem szerepeltek ebben a futásban.", "Bankens kontoudtog indgik ikke i denne kørsel."];
    BookedOn: ["booked on", "comptabilisé le", "gebucht am", "registrato il", "contabilizado el", "geboekt op", "bokförd den", "lançado em", "könyvelve", "bogført den"];

    // Disputes.
    Disputes: ["disputes", "litiges", "Streitfälle", "contestazioni", "disputas", "geschillen", "tvister", "disputas", "viták", "tvister"];
    Kind: ["kind", "type", "Art", "tipo", "tipo", "soort", "slag", "tipo", "fajta", "art"];
    Cases: ["cases", "cas", "Fälle", "casi", "casos", "zaken", "ärenden", "casos", "esetek", "sager"];
    Disputed: ["disputed", "contesté", "strittig", "contestato", "disputado", "betwist", "bestritt", "disputado", "vitatott", "omtvistet"];
    Recovered: ["recovered", "récupéré", "zurückgewonnen", "recuperato", "recuperado", "teruggekregen", "återvunnet", "recuperado", "visszaszerzett", "genvundet"];
    NoDeadline: ["Reports carry no deadline and no reason code.", "Les rapports n’indiquent ni échéance ni motif.", "Die Berichte nennen weder Frist noch Grund.", "I report non indicano né scadenza né motivo.", "Los informes no indican plazo ni motivo.", "Rapporten vermelden geen termijn en geen reden.", "Rapporterna anger varken frist eller orsak.", "Os relatórios não indicam prazo nem motivo.", "A jelentések nem tartalmaznak határidőt és okot.", "Rapporterne angiver hverken frist eller årsag."];
    NoDisputes: ["No disputes in this period.", "Aucun litige dans cette période.", "Keine Streitfälle in diesem Zeitraum.", "Nessuna contestazione in questo periodo.", "Sin disputas en este periodo.", "Geen geschillen in deze periode.", "Inga tvister under perioden.", "Sem disputas neste período.", "Nincs vita ebben az időszakban.", "Ingen tvister i perioden."];

    // Checks.
    Checks: ["checks", "contrôles", "Prüfungen", "controlli", "comprobaciones", "controles", "kontroller", "verificações", "ellenőrzések", "kontroller"];
    Check: ["check", "contrôle", "Prüfung", "controllo", "comprobación", "controle", "kontroll", "verificação", "ellenőrzés", "kontrol"];
    Ok: ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "rendben", "ok"];
    Failed: ["FAILED", "ÉCHEC", "FEHLER", "FALLITO", "FALLO", "MISLUKT", "FEL", "FALHOU", "HIBÁS", "FEJL"];
    FailedPassed: ["{} failed, {} passed", "{} en échec, {} réussis", "{} fehlerhaft, {} bestanden", "{} falliti, {} superati", "{} fallidas, {} superadas", "{} mislukt, {} geslaagd", "{} fel, {} godkända", "{} falharam, {} passaram", "{} hibás, {} rendben", "{} fejlede, {} bestået"];
    PassedCount: ["{} passed", "{} réussis", "{} bestanden", "{} superati", "{} superadas", "{} geslaagd", "{} godkända", "{} passaram", "{} rendben", "{} bestået"];
    Passed: ["passed", "réussis", "bestanden", "superati", "superadas", "geslaagd", "godkända", "passaram", "rendben", "bestået"];
    Failures: ["failures", "échecs", "Fehler", "errori", "fallos", "fouten", "fel", "falhas", "hibák", "fejl"];
    Meaning: ["what it proves", "ce qu’il prouve", "was sie beweist", "che cosa dimostra", "qué demuestra", "wat het bewijst", "vad den visar", "o que prova", "mit bizonyít", "hvad den beviser"];
    Stated: ["stated", "indiqué", "angegeben", "dichiarato", "declarado", "vermeld", "angivet", "declarado", "közölt", "angivet"];
    Computed: ["computed", "calculé", "berechnet", "calcolato", "calculado", "berekend", "beräknat", "calculado", "számított", "beregnet"];
    Difference: ["difference", "écart", "Differenz", "differenza", "diferencia", "verschil", "differens", "diferença", "eltérés", "difference"];
    MoreInJson: ["… and {} more; --format json lists them", "… et {} autres ; --format json les donne", "… und {} weitere; --format json nennt sie", "… e altri {}; --format json li elenca", "… y {} más; --format json los enumera", "… en nog {}; --format json toont ze", "… och {} till; --format json visar dem", "… e mais {}; --format json lista-os", "… és még {}; a --format json felsorolja", "… og {} til; --format json viser dem"];
    CheckRowNet: ["net = amount + total fee, in every row", "net = montant + total des frais, à chaque ligne", "netto = Betrag + Gesamtgebühr, in jeder Zeile", "netto = importo + commissione totale, in ogni riga", "neto = importe + comisión total, en cada línea", "netto = bedrag + totale kosten, in elke regel", "netto = belopp + total avgift, på varje rad", "líquido = montante + comissão total, em cada linha", "nettó = összeg + teljes díj, minden sorban", "netto = beløb + samlet gebyr, på hver linje"];
    CheckRowFee: ["total fee = percentage fee + fixed fee, in every row", "total des frais = frais en % + frais fixes, à chaque ligne", "Gesamtgebühr = %-Gebühr + feste Gebühr, in jeder Zeile", "commissione totale = commissione in % + commissione fissa, in ogni riga", "comisión total = comisión en % + comisión fija, en cada línea", "totale kosten = kosten in % + vaste kosten, in elke regel", "total avgift = avgift i % + fast avgift, på varje rad", "comissão total = comissão em % + comissão fixa, em cada linha", "teljes díj = %-os díj + fix díj, minden sorban", "samlet gebyr = gebyr i % + fast gebyr, på hver linje"];
    CheckPeriod: ["every row lies inside its settlement's period", "chaque ligne est dans la période de son règlement", "jede Zeile liegt im Zeitraum ihrer Abrechnung", "ogni riga è nel periodo della sua liquidazione", "cada línea está en el periodo de su liquidación", "elke regel valt in de periode van zijn afrekening", "varje rad ligger i sin avräknings period", "cada linha está no período da sua liquidação", "minden sor az elszámolása időszakában van", "hver linje ligger i sin afregnings periode"];
    CheckConstantId: ["one settlement and one merchant in each file", "un règlement et un marchand par fichier", "eine Abrechnung und ein Händler je Datei", "una liquidazione e un venditore per file", "una liquidación y un comerciante por archivo", "één afrekening en één verkoper per bestand", "en avräkning och en handlare per fil", "uma liquidação e um comerciante por ficheiro", "fájlonként egy elszámolás és egy kereskedő", "én afregning og én forhandler i hver fil"];
    CheckChainReserve: ["reserve closed = reserve opened next", "réserve de clôture = réserve d’ouverture suivante", "Endreserve = nächste Anfangsreserve", "riserva finale = riserva iniziale successiva", "reserva final = reserva inicial siguiente", "eindreserve = volgende beginreserve", "utgående reserv = nästa ingående reserv", "reserva final = reserva inicial seguinte", "záró tartalék = következő nyitó tartalék", "ultimoreserve = næste primoreserve"];
    CheckChainCarryover: ["carried over = brought forward next", "solde reporté = solde repris ensuite", "Saldovortrag = nächster Saldoübertrag", "saldo riportato = saldo ripreso dopo", "saldo arrastrado = saldo recibido después", "overgedragen = daarna overgenomen", "överfört = nästa ingående överföring", "saldo transitado = saldo recebido a seguir", "átvitt = a következőben áthozott", "overført = næste modtagne overførsel"];
    CheckChainContiguous: ["settlements follow one another without a hole", "les règlements se suivent sans trou", "Abrechnungen folgen lückenlos aufeinander", "le liquidazioni si susseguono senza buchi", "las liquidaciones se suceden sin huecos", "afrekeningen volgen elkaar zonder gat op", "avräkningar följer på varandra utan lucka", "as liquidações seguem-se sem falhas", "az elszámolások hézag nélkül követik egymást", "afregninger følger hinanden uden huller"];
    CheckDuplicate: ["no settlement is there twice with other bytes", "aucun règlement n’existe deux fois avec un contenu différent", "keine Abrechnung liegt zweimal mit anderem Inhalt vor", "nessuna liquidazione è presente due volte con contenuto diverso", "ninguna liquidación está dos veces con otro contenido", "geen afrekening staat er twee keer met andere inhoud", "ingen avräkning finns två gånger med olika innehåll", "nenhuma liquidação existe duas vezes com outro conteúdo", "egy elszámolás sem szerepel kétszer eltérő tartalommal", "ingen afregning findes to gange med forskelligt indhold"];

    // Problems and sources.
    Problems: ["problems", "problèmes", "Probleme", "problemi", "problemas", "problemen", "problem", "problemas", "problémák", "problemer"];
    NoProblems: ["No problems.", "Aucun problème.", "Keine Probleme.", "Nessun problema.", "Ningún problema.", "Geen problemen.", "Inga problem.", "Sem problemas.", "Nincs probléma.", "Ingen problemer."];
    Error: ["error", "erreur", "Fehler", "errore", "error", "fout", "fel", "erro", "hiba", "fejl"];
    Warning: ["warning", "avertissement", "Warnung", "avviso", "aviso", "waarschuwing", "varning", "aviso", "figyelmeztetés", "advarsel"];
    Hint: ["hint", "conseil", "Hinweis", "suggerimento", "consejo", "tip", "tips", "sugestão", "tipp", "tip"];
    MoreLikeThis: ["… and {} more like this (-v shows all)", "… et {} autres du même genre (-v montre tout)", "… und {} weitere dieser Art (-v zeigt alle)", "… e altri {} simili (-v mostra tutto)", "… y {} más como este (-v muestra todo)", "… en nog {} zulke (-v toont alles)", "… och {} till av samma slag (-v visar alla)", "… e mais {} assim (-v mostra tudo)", "… és még {} ilyen (-v mindet mutatja)", "… og {} til af samme slags (-v viser alle)"];
    FilesRows: ["{} files, {} rows read", "{} fichiers, {} lignes lues", "{} Dateien, {} Zeilen gelesen", "{} file, {} righe lette", "{} archivos, {} líneas leídas", "{} bestanden, {} regels gelezen", "{} filer, {} rader lästa", "{} ficheiros, {} linhas lidas", "{} fájl, {} sor beolvasva", "{} filer, {} linjer læst"];
    VerboseLists: ["(-v lists every file and every row)", "(-v donne chaque fichier et chaque ligne)", "(-v nennt jede Datei und jede Zeile)", "(-v elenca ogni file e ogni riga)", "(-v enumera cada archivo y cada línea)", "(-v toont elk bestand en elke regel)", "(-v visar varje fil och varje rad)", "(-v lista cada ficheiro e cada linha)", "(-v minden fájlt és sort felsorol)", "(-v viser hver fil og hver linje)"];
    Sources: ["sources", "sources", "Quellen", "origini", "orígenes", "bronnen", "källor", "origens", "források", "kilder"];
    RowCount: ["{} rows", "{} lignes", "{} Zeilen", "{} righe", "{} líneas", "{} regels", "{} rader", "{} linhas", "{} sor", "{} linjer"];
    RowObjects: ["{} rows, {} objects", "{} lignes, {} objets", "{} Zeilen, {} Objekte", "{} righe, {} oggetti", "{} líneas, {} objetos", "{} regels, {} objecten", "{} rader, {} objekt", "{} linhas, {} objetos", "{} sor, {} objektum", "{} linjer, {} objekter"];
    File: ["file", "fichier", "Datei", "file", "archivo", "bestand", "fil", "ficheiro", "fájl", "fil"];
    Line: ["line", "ligne", "Zeile", "riga", "línea", "regel", "rad", "linha", "sor", "linje"];
    Message: ["message", "message", "Meldung", "messaggio", "mensaje", "melding", "meddelande", "mensagem", "üzenet", "meddelelse"];

    // Rows.
    Posted: ["posted", "comptabilisé", "gebucht", "registrato", "contabilizado", "geboekt", "bokförd", "lançado", "könyvelve", "bogført"];
    Type: ["type", "type", "Typ", "tipo", "tipo", "type", "typ", "tipo", "típus", "type"];
    RowNames: ["currency, order, transaction", "devise, commande, transaction", "Währung, Bestellung, Transaktion", "valuta, ordine, transazione", "moneda, pedido, transacción", "valuta, bestelling, transactie", "valuta, order, transaktion", "moeda, encomenda, transação", "pénznem, rendelés, tranzakció", "valuta, ordre, transaktion"];
    Order: ["order", "commande", "Bestellung", "ordine", "pedido", "bestelling", "order", "encomenda", "rendelés", "ordre"];
    OrderReference: ["order reference", "référence de commande", "Bestellreferenz", "riferimento ordine", "referencia de pedido", "bestelreferentie", "orderreferens", "referência da encomenda", "rendelési hivatkozás", "ordrereference"];
    Transaction: ["transaction", "transaction", "Transaktion", "transazione", "transacción", "transactie", "transaktion", "transação", "tranzakció", "transaktion"];
    Transactions: ["transactions", "transactions", "Transaktionen", "transazioni", "transacciones", "transacties", "transaktioner", "transações", "tranzakciók", "transaktioner"];
    Description: ["description", "libellé", "Beschreibung", "descrizione", "descripción", "omschrijving", "beskrivning", "descrição", "leírás", "beskrivelse"];
    Store: ["store", "boutique", "Shop", "negozio", "tienda", "winkel", "butik", "loja", "bolt", "butik"];
    AllRows: ["show all rows", "afficher toutes les lignes", "alle Zeilen zeigen", "mostra tutte le righe", "mostrar todas las líneas", "alle regels tonen", "visa alla rader", "mostrar todas as linhas", "minden sor mutatása", "vis alle linjer"];
    RowsLeftOut: ["{} more rows are left out here; the workbook (--format xlsx) has them all.", "{} autres lignes sont omises ici ; le classeur (--format xlsx) les contient toutes.", "{} weitere Zeilen fehlen hier; die Arbeitsmappe (--format xlsx) enthält alle.", "Altre {} righe sono omesse qui; la cartella di lavoro (--format xlsx) le contiene tutte.", "Aquí se omiten otras {} líneas; el libro (--format xlsx) las contiene todas.", "Nog {} regels zijn hier weggelaten; de werkmap (--format xlsx) bevat ze alle.", "Ytterligare {} rader är utelämnade här; arbetsboken (--format xlsx) har alla.", "Mais {} linhas são omitidas aqui; o livro (--format xlsx) contém todas.", "További {} sor itt kimarad; a munkafüzet (--format xlsx) mindet tartalmazza.", "Yderligere {} linjer er udeladt her; projektmappen (--format xlsx) har dem alle."];
    RowsOnScreen: ["The {} rows behind these figures stand in this page on screen and in the workbook; they are not printed.", "Les {} lignes derrière ces chiffres figurent dans cette page à l’écran et dans le classeur ; elles ne sont pas imprimées.", "Die {} Zeilen hinter diesen Zahlen stehen in dieser Seite am Bildschirm und in der Arbeitsmappe; sie werden nicht gedruckt.", "Le {} righe dietro queste cifre sono in questa pagina sullo schermo e nella cartella di lavoro; non vengono stampate.", "Las {} líneas tras estas cifras están en esta página en pantalla y en el libro; no se imprimen.", "De {} regels achter deze cijfers staan in deze pagina op het scherm en in de werkmap; ze worden niet afgedrukt.", "De {} raderna bakom siffrorna finns i sidan på skärmen och i arbetsboken; de skrivs inte ut.", "As {} linhas por trás destes valores estão nesta página no ecrã e no livro; não são impressas.", "A számok mögötti {} sor a képernyőn és a munkafüzetben látható; nyomtatásban nem.", "De {} linjer bag tallene står i siden på skærmen og i projektmappen; de udskrives ikke."];

    // Pictures.
    Waterfall: ["from opening to closing balance", "du solde d’ouverture au solde de clôture", "vom Anfangs- zum Endsaldo", "dal saldo iniziale al saldo finale", "del saldo inicial al final", "van begin- naar eindsaldo", "från ingående till utgående saldo", "do saldo inicial ao final", "a nyitó egyenlegtől a záróig", "fra primo- til ultimosaldo"];
    Month: ["month", "mois", "Monat", "mese", "mes", "maand", "månad", "mês", "hónap", "måned"];
    FeesByMonth: ["fees and fee rate by month", "frais et taux de frais par mois", "Gebühren und Gebührenquote je Monat", "commissioni e tasso di commissione per mese", "comisiones y tasa de comisión por mes", "kosten en kostenpercentage per maand", "avgifter och avgiftskvot per månad", "comissões e taxa de comissão por mês", "díjak és díjhányad havonta", "gebyrer og gebyrprocent pr. måned"];
    FeeRate: ["fee rate", "taux de frais", "Gebührenquote", "tasso di commissione", "tasa de comisión", "kostenpercentage", "avgiftskvot", "taxa de comissão", "díjhányad", "gebyrprocent"];
    FeeRateNote: ["fees ÷ gross captures", "frais ÷ encaissements bruts", "Gebühren ÷ Brutto-Einzüge", "commissioni ÷ incassi lordi", "comisiones ÷ cobros brutos", "kosten ÷ bruto incasso’s", "avgifter ÷ bruttodebiteringar", "comissões ÷ cobranças brutas", "díjak ÷ bruttó beszedések", "gebyrer ÷ bruttohævninger"];
    DisputeRates: ["dispute rates by month", "taux de litiges par mois", "Streitfallquoten je Monat", "tassi di contestazione per mese", "tasas de disputa por mes", "geschilpercentages per maand", "tvistkvoter per månad", "taxas de disputa por mês", "vitaarányok havonta", "tvistprocenter pr. måned"];
    ByCount: ["by number", "en nombre", "nach Anzahl", "per numero", "por número", "naar aantal", "efter antal", "por número", "darabszám szerint", "efter antal"];
    ByAmount: ["by amount", "en montant", "nach Betrag", "per importo", "por importe", "naar bedrag", "efter belopp", "por montante", "összeg szerint", "efter beløb"];
    PayoutTimeline: ["payout timeline", "chronologie des versements", "Auszahlungen im Zeitverlauf", "cronologia degli accrediti", "cronología de transferencias", "tijdlijn van uitbetalingen", "utbetalningar över tid", "cronologia das transferências", "kifizetések időrendben", "udbetalinger over tid"];
    KnownInPart: ["known in part", "connu en partie", "teilweise bekannt", "noto in parte", "conocido en parte", "deels bekend", "delvis känd", "conhecido em parte", "részben ismert", "delvist kendt"];
    NoPayouts: ["No payouts in this period.", "Aucun versement dans cette période.", "Keine Auszahlungen in diesem Zeitraum.", "Nessun accredito in questo periodo.", "Sin transferencias en este periodo.", "Geen uitbetalingen in deze periode.", "Inga utbetalningar under perioden.", "Sem transferências neste período.", "Nincs kifizetés ebben az időszakban.", "Ingen udbetalinger i perioden."];

    // The page and the workbook.
    Summary: ["summary", "résumé", "Übersicht", "riepilogo", "resumen", "overzicht", "sammanfattning", "resumo", "összegzés", "oversigt"];
    Ties: ["Everything ties.", "Tout concorde.", "Alles stimmt.", "Tutto quadra.", "Todo cuadra.", "Alles klopt.", "Allt stämmer.", "Tudo confere.", "Minden egyezik.", "Alt stemmer."];
    DoesNotTie: ["Something does not tie: see checks and problems.", "Quelque chose ne concorde pas : voir contrôles et problèmes.", "Etwas stimmt nicht: siehe Prüfungen und Probleme.", "Qualcosa non quadra: vedi controlli e problemi.", "Algo no cuadra: véanse comprobaciones y problemas.", "Iets klopt niet: zie controles en problemen.", "Något stämmer inte: se kontroller och problem.", "Algo não confere: ver verificações e problemas.", "Valami nem egyezik: lásd ellenőrzések és problémák.", "Noget stemmer ikke: se kontroller og problemer."];
    Contents: ["contents", "sommaire", "Inhalt", "indice", "índice", "inhoud", "innehåll", "índice", "tartalom", "indhold"];
    TextAmount: ["More digits than a spreadsheet number can hold, so it is written as text and in no total.", "Plus de chiffres qu’un nombre de tableur n’en peut contenir ; écrit comme texte, dans aucun total.", "Mehr Stellen, als eine Zahl der Tabellenkalkulation fasst; als Text geschrieben und in keiner Summe.", "Più cifre di quante ne contenga un numero del foglio di calcolo; scritto come testo, in nessun totale.", "Más dígitos de los que admite un número de la hoja de cálculo; escrito como texto y en ningún total.", "Meer cijfers dan een getal in een rekenblad kan bevatten; als tekst geschreven en in geen totaal.", "Fler siffror än ett tal i kalkylbladet rymmer; skrivet som text och i ingen summa.", "Mais dígitos do que um número da folha de cálculo comporta; escrito como texto e em nenhum total.", "Több számjegy, mint amennyit a táblázat száma elbír; szövegként áll, egyetlen összegben sincs.", "Flere cifre, end et tal i regnearket kan rumme; skrevet som tekst og ikke med i nogen sum."];
}
