//! Words that say nothing about a product, by language, as [`Analyzer::words`](super::Analyzer::words) writes them.

use super::Language;

/// The usual stop words of a language; none where we have no list.
pub(super) fn of(language: Language) -> impl Iterator<Item = &'static str> {
    let words = match language {
        Language::English => {
            "a an and are as at be by for from in into is it its of on or that the their these this to was with your"
        }
        Language::French => {
            "a au aux avec ce ces dans de des du elle en est et il la le les leur ne ou par pas pour que qui sa se ses \
             son sur un une vos votre"
        }
        Language::German => {
            "am an auf aus bei das dem den der des die ein eine einem einen einer eines fur im in ist mit nach oder und \
             vom von zu zum zur"
        }
        Language::Spanish => {
            "a al con de del e el en es la las lo los o para por que se su sus un una unas unos y"
        }
        Language::Portuguese => {
            "a ao aos as com da das de do dos e em na nas no nos o os ou para pela pelo por que se sem sua um uma"
        }
        Language::Italian => {
            "a ad al alla con da dal dei del della di e gli i il in la le lo nel o per su un una uno"
        }
        Language::Dutch => "aan bij de een en het in is met of op te uit van voor",
        _ => "",
    };
    words.split_whitespace()
}
